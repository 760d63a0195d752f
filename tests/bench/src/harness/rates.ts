import { createHash, createPublicKey, verify } from 'node:crypto';
import type { SyncCrypto } from '@enclos/attestation/node';

const rounds = 7;
const sampleMs = 250;

/** Calls a second, all contenders in turn in each round, so that a slower moment of the machine meets them all. */
export function ratesOf<Name extends string>(
  contenders: Readonly<Record<Name, () => void>>,
): Readonly<Record<Name, readonly number[]>> {
  // Object.keys forgets the key type; `contenders` has exactly these names.
  const names = Object.keys(contenders) as Name[];
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const rate = callsPerSecond(contenders[name]);
      // The first round warms up.
      if (round > 0) rates[name].push(rate);
    }
  }
  return rates;
}

function callsPerSecond(call: () => void): number {
  const start = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < sampleMs) {
    call();
    calls += 1;
    elapsedMs = performance.now() - start;
  }
  return (calls / elapsedMs) * 1000;
}

/** How many signatures the second call verifies: the first one fills the cache, if there is one. */
export function signaturesOf(contender: (crypto: SyncCrypto) => () => void): number {
  let count = 0;
  const counting: SyncCrypto = {
    createHash,
    createPublicKey,
    // The overload with a callback is never used.
    verify: ((...inputs: Parameters<typeof verify>) => {
      count += 1;
      return verify(...inputs);
    }) as SyncCrypto['verify'],
  };
  contender(counting)();
  count = 0;
  contender(counting)();
  return count;
}
