import { equalBytes, fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readCoseKey, readCoseSign1, writeCoseKey, writeCoseSign1 } from '../src/index.ts';
import { ecdsaExample, edwardsExample } from '../test/vectors.ts';

export const seeds: readonly Uint8Array[] = [
  ecdsaExample.message,
  edwardsExample.message,
  fromHex(`a401022001215820${ecdsaExample.x}225820${ecdsaExample.y}`),
  fromHex(`a301012006215820${edwardsExample.x}`),
];

/** Messages and keys of strangers are read, or refused by a codec's error. What is read is written and read again alike. */
export function fuzz(data: Uint8Array): void {
  for (const read of [readMessage, readKey]) {
    try {
      read(data);
    } catch (error) {
      if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    }
  }
}

function readMessage(data: Uint8Array): void {
  const message = readCoseSign1(data, { maxBytes: 100_000 });
  const again = readCoseSign1(writeCoseSign1(message), { maxBytes: 200_000 });
  if (!equalBytes(again.signature, message.signature)) throw new Error('A message that does not read back.');
}

function readKey(data: Uint8Array): void {
  const key = readCoseKey(data);
  if (JSON.stringify(readCoseKey(writeCoseKey(key))) !== JSON.stringify(key)) {
    throw new Error('A key that does not read back.');
  }
}
