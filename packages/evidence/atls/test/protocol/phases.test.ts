import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import type { MessageKind } from '../../src/protocol/messages.ts';
import { nextPhase, type Phase } from '../../src/protocol/phases.ts';
import type { Role } from '../../src/roles.ts';

const roles: readonly Role[] = ['client', 'server'];
const kinds: readonly MessageKind[] = ['challenge', 'nonce', 'evidence', 'accepted', 'refused'];

/** Every way to open a connection, as who says what. */
function waysToOpen(phase: Phase, said: readonly string[]): readonly (readonly string[])[] {
  if (phase === 'open') return [said];
  if (said.length > 8) throw new Error('This never ends.');
  return roles.flatMap((role) =>
    kinds.flatMap((kind) => {
      try {
        return waysToOpen(nextPhase(phase, role, kind), [...said, `${role} ${kind}`]);
      } catch (error) {
        assert.ok(isEnclosError(error, 'ATLS_PROTOCOL_VIOLATION'));
        return [];
      }
    }),
  );
}

test('there are two ways to an open connection, and the server’s evidence is on both', () => {
  assert.deepEqual(waysToOpen('begun', []), [
    ['client challenge', 'server challenge', 'server evidence', 'client evidence', 'server accepted'],
    ['client challenge', 'server nonce', 'server evidence', 'client accepted'],
  ]);
});

test('both sides may refuse at any time until then, and nothing is said after', () => {
  for (const role of roles) {
    for (const phase of ['begun', 'asked', 'greeted', 'challenged', 'answered', 'answered-mutual'] as const) {
      assert.equal(nextPhase(phase, role, 'refused'), 'refused');
    }
    for (const kind of kinds) {
      for (const phase of ['open', 'refused'] as const) {
        assert.throws(() => nextPhase(phase, role, kind), { code: 'ATLS_PROTOCOL_VIOLATION' });
      }
    }
  }
});
