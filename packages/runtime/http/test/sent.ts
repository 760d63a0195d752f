import assert from 'node:assert/strict';
import type { Sendable } from '../src/writing/response.ts';

/** What a client gets of these pieces. Each string among them has to be ASCII. */
export function sentText(pieces: readonly Sendable[]): string {
  for (const piece of pieces) if (typeof piece === 'string') assert.match(piece, /^[\0-\x7f]*$/);
  return pieces.map((piece) => (typeof piece === 'string' ? piece : piece.toString('latin1'))).join('');
}
