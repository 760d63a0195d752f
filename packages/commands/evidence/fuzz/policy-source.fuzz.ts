import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { policySourceOf } from '../src/policy/claim-rules-source.ts';

const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const rules = 'version=1.0; authorizationrules { => permit(); };';
const jws = `${base64url({ alg: 'none' })}.${base64url({ AttestationPolicy: base64url(rules) })}.`;
const answer = `${base64url({ alg: 'RS256' })}.${base64url({ iss: 'i', 'x-ms-policy': jws })}.c2ln`;

export const seeds: readonly Uint8Array[] = [
  rules,
  jws,
  answer,
  JSON.stringify({ token: answer }),
  JSON.stringify(answer),
  '{"mrEnclave":[]}',
  'eyJhbGciOiJub25lIn0..',
].map(utf8);

/** Any file given to `enclos policy check`: a text no longer than it was, or a refusal. */
export function fuzz(data: Uint8Array): void {
  const content = new TextDecoder().decode(data);
  try {
    const { text } = policySourceOf('policy', content);
    if (text.length > content.length) throw new RangeError('A policy that is longer than what it was in.');
  } catch (error) {
    if (!isEnclosError(error, 'CLI_FILE_INVALID')) throw error;
  }
}
