import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { policySourceOf } from '../../src/policy/claim-rules-source.ts';

const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const text = 'version=1.0; authorizationrules { => permit(); };';
const policyJws = `${base64url({ alg: 'none' })}.${base64url({ AttestationPolicy: base64url(text) })}.`;
const answer = `${base64url({ alg: 'RS256' })}.${base64url({ iss: 'i', 'x-ms-policy': policyJws })}.c2ln`;

test('a policy is taken out of the file, the policy JWS and the answer of a service', () => {
  for (const content of [text, policyJws, answer]) assert.equal(policySourceOf('policy', content).text, text);
});

test('whatever a file holds, a policy is taken out of it or refused', () => {
  const piece = fc.oneof(fc.constantFrom(policyJws, answer, text, base64url(text), '.', '"', '{"token":'), fc.string());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
      const content = pieces.join('');
      try {
        assert.ok(policySourceOf('policy', content).text.length <= content.length);
      } catch (error) {
        assert.ok(isEnclosError(error, 'CLI_FILE_INVALID'), String(error));
      }
    }),
  );
});
