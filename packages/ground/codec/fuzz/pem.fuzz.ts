import { isEnclosError } from '@enclos/errors';
import { equalBytes, utf8 } from '../src/bytes.ts';
import { findPemBlocks, readPemBlocks, toPem } from '../src/pem.ts';

const block = toPem('CERTIFICATE', new Uint8Array(60).fill(0xa5));

export const seeds: readonly Uint8Array[] = [
  block,
  block + block,
  `text\n${block}more`,
  toPem('X509 CRL', utf8('a')),
].map(utf8);

/** What is read strictly is found in any text too, and is one text of its bytes when it is written again. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(data);
  const found = findPemBlocks(text, 16);
  if (found.length > 16) throw new Error('More blocks than asked for.');
  try {
    const blocks = readPemBlocks(text, 65_536).slice(0, 16);
    for (const [index, { label, bytes }] of blocks.entries()) {
      const again = readPemBlocks(toPem(label, bytes), 131_072);
      const isSame = again.length === 1 && equalBytes(again[0]?.bytes ?? new Uint8Array(), bytes);
      if (!isSame) throw new Error('Written otherwise.');
      if (!equalBytes(found[index]?.bytes ?? new Uint8Array(), bytes)) throw new Error('Not found in the text.');
    }
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
