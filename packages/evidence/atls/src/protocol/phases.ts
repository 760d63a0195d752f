import { violated } from '../errors.ts';
import type { MessageKind } from './messages.ts';
import type { Role } from '../roles.ts';

/** How far an exchange is, seen from one side. */
export type Phase =
  | 'begun'
  /** The client's challenge is out, or in. */
  | 'asked'
  /** The server has answered with a nonce, or with its own challenge. */
  | 'greeted'
  | 'challenged'
  /** The server's evidence is there; only in `mutual` evidence of the client follows. */
  | 'answered'
  | 'answered-mutual'
  /** The client's evidence is there. */
  | 'appraised-mutual'
  /** Bytes of the application may come and go. */
  | 'open'
  | 'refused';

export type Event = `${Role} ${MessageKind}`;

/** The messages that each side may send in each phase. All others are refused; `refused` ends every phase but the last two. */
const transitions: Readonly<Partial<Record<Phase, Readonly<Partial<Record<Event, Phase>>>>>> = Object.freeze({
  begun: { 'client challenge': 'asked' },
  asked: { 'server nonce': 'greeted', 'server challenge': 'challenged' },
  greeted: { 'server evidence': 'answered' },
  challenged: { 'server evidence': 'answered-mutual' },
  answered: { 'client accepted': 'open' },
  // The client's evidence says too that it accepted the server's.
  'answered-mutual': { 'client evidence': 'appraised-mutual' },
  'appraised-mutual': { 'server accepted': 'open' },
});

/** @throws ATLS_PROTOCOL_VIOLATION for what must not be said in this phase. */
export function nextPhase(phase: Phase, role: Role, kind: MessageKind): Phase {
  const from = transitions[phase];
  const to = from !== undefined && kind === 'refused' ? 'refused' : from?.[`${role} ${kind}`];
  return to ?? violated('order');
}
