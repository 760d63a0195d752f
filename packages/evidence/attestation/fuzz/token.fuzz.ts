import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readToken } from '../src/client/token/read-token.ts';
import { parseKeySet } from '../src/client/keys/key-set.ts';
import { policyTextOf, unsignedPolicy } from '../src/client/policy.ts';
import { keySet, sgxClaims, signToken } from '../test/client/token-kit.ts';

export const seeds: readonly Uint8Array[] = [
  utf8(signToken(sgxClaims)),
  utf8(unsignedPolicy('version=1.0;authorizationrules{=>permit();};')),
  utf8(JSON.stringify(keySet)),
];

/** Tokens, the keys that a service lists, and the policy in a token. What is read must be what the engine reads too. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  const parts = text.split('.');
  const payload = (): unknown => JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString());
  const readers = [
    () => [readToken(text, 100_000), payload()],
    () => policyTextOf(text) !== undefined && payload(),
    () => [parseKeySet(data), JSON.parse(text) as unknown],
  ];
  for (const read of readers) {
    try {
      read();
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}
