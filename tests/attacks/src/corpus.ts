import type { Attempt } from './attempt.ts';
import { authorityAttempts } from './attempts/authority.ts';
import { chainAttempts } from './attempts/chain.ts';
import { languageAttempts } from './attempts/language.ts';
import { passingAttempts } from './attempts/passing.ts';

export { alwaysRefused } from './attempts/language.ts';

/** Every attempt that a part of the loader, or the permission model, closes. */
export const corpus: readonly Attempt[] = [
  ...chainAttempts,
  ...authorityAttempts,
  ...passingAttempts,
  ...languageAttempts,
];

/** Attempts that reach the machine: the kernel's layers close each of them where nothing else does. */
export const closedByKernel: readonly string[] = [
  'a connection of that client',
  'a file, from the module fs',
  'a process, from the module child_process',
  'a connection, from the module net',
  'a server, from the module net',
  'a datagram, from the module dgram',
  'a pipe, of the class of the handle',
  'fetch',
];
