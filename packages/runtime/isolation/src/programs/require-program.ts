import { checkProgram, type ReadAt } from '@enclos/elf';
import { EnclosError } from '@enclos/errors';
import type { ProgramSettings } from '@enclos/manifest';
import type { IsolationLayer } from '@enclos/tee';

/** The measured bytes of a program, which belong to the platform. */
export interface MeasuredProgram {
  readonly sizeBytes: number;
  /** Views of them. */
  readonly read: ReadAt;
}

/** What a platform has for programs. */
export interface PlatformPrograms {
  /** Why it makes no private network, if it does not: see {@link privateObstacle}. */
  readonly privateObstacle: string | undefined;
  readonly here?: string;
}

/** Without these the sockets of a program would reach what the machine reaches, or more than sockets of TCP and UDP. */
const needed = ['namespaces', 'seccomp'];

/**
 * Why programs get no private network here, and how to get one, in sentences; undefined when they do. Also with isolation `best`: the
 * program has sockets because its network is private.
 * @param hasRelay whether this installation has the relay
 */
export function privateObstacle(layers: readonly IsolationLayer[], hasRelay: boolean): string | undefined {
  if (!hasRelay) {
    return 'This platform has no relay: its packages were built without gcc-14 and clang-19. Install @enclos/isolation again.';
  }
  const missing = layers.filter(({ name, active }) => needed.includes(name) && !active);
  if (missing.length === 0) return undefined;
  // The detail of a missing layer says how to get it.
  const cures = [...new Set(missing.map(({ detail }) => detail))].join(' ');
  return `This machine lacks the layer ${missing.map(({ name }) => name).join(' and the layer ')}. ${cures}`;
}

/**
 * Holds a measured program to what runs here. The build did so too, but the signer chose the build.
 * @throws PROGRAM_EXECUTION_UNAVAILABLE, PROGRAM_REFUSED
 */
export function requireProgram(
  { architecture, network }: ProgramSettings,
  program: MeasuredProgram,
  { privateObstacle: obstacle, here = `${process.platform}-${process.arch}` }: PlatformPrograms,
): void {
  if (architecture !== here) {
    throw new EnclosError('PROGRAM_EXECUTION_UNAVAILABLE', `The program is for ${architecture}; this is ${here}.`);
  }
  if (network === 'private' && obstacle !== undefined) {
    throw new EnclosError('PROGRAM_EXECUTION_UNAVAILABLE', `The program wants a private network. ${obstacle}`);
  }
  checkProgram(program.read, { sizeBytes: program.sizeBytes, architecture });
}
