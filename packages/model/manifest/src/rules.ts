import { EnclosError } from '@enclos/errors';
import type { InterpreterManifest } from './form.ts';
import type { EnclaveManifest } from './program-form.ts';

const mebibyte = 1024n * 1024n;
const largestHeap = 64n * 1024n * mebibyte;

export type Rules<M> = readonly (readonly [field: string, rule: string, holds: (m: M) => boolean])[];

/** The rules of every form that the bounds of single fields cannot express. */
export const rules: Rules<EnclaveManifest> = [
  ['name', 'a lower-case word of letters, digits and hyphens', (m) => /^[a-z][a-z0-9-]*$/.test(m.name)],
  ['threads', 'from 1 to 256', (m) => m.threads >= 1 && m.threads <= 256],
  ['heapSizeBytes', 'whole mebibytes from 16 MiB to 64 GiB', (m) => heapAllowed(m.heapSizeBytes)],
  ['environment', 'POSIX names, each at most once', (m) => environmentAllowed(m)],
  ['trustedFiles', 'absolute clean paths, each at most once', (m) => pathsAllowed(m.trustedFiles.map((f) => f.path))],
  ['listen', 'each name at most once', (m) => distinct(m.listen.map((l) => l.name))],
  ['connect', 'each name at most once', (m) => distinct(m.connect.map((c) => c.name))],
  [
    'limits',
    'frames from 512 KiB to 256 MiB; depth 1 to 64; at least one pending call',
    (m) => limitsAllowed(m.limits),
  ],
];

function heapAllowed(heap: bigint): boolean {
  return heap >= 16n * mebibyte && heap <= largestHeap && heap % mebibyte === 0n;
}

function environmentAllowed(manifest: EnclaveManifest): boolean {
  const names = manifest.environment.map((variable) => variable.name);
  return distinct(names) && names.every((variable) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(variable));
}

function limitsAllowed(limits: EnclaveManifest['limits']): boolean {
  const framesAllowed = limits.maxFrameBytes >= 2 ** 19 && limits.maxFrameBytes <= 2 ** 28;
  return framesAllowed && limits.maxDepth >= 1 && limits.maxDepth <= 64 && limits.maxPendingCalls >= 1;
}

/** Absolute, without `.`, `..`, empty segments, control characters or a trailing slash. */
export function isCleanPath(text: string): boolean {
  const segments = text.split('/');
  const clean = segments.slice(1).every((s) => s !== '' && s !== '.' && s !== '..' && !/\p{Cc}/u.test(s));
  return segments[0] === '' && segments.length > 1 && clean;
}

function pathsAllowed(paths: readonly string[]): boolean {
  return distinct(paths) && paths.every(isCleanPath);
}

export function mountsAllowed(targets: readonly string[]): boolean {
  const nested = targets.some((a) => targets.some((b) => b.startsWith(`${a}/`)));
  return pathsAllowed(targets) && !nested;
}

export const interpreterRules: Rules<InterpreterManifest> = [
  ...rules,
  ['interpreter', 'each architecture at most once', (m) => distinct(m.interpreter.digests.map((d) => d.architecture))],
  ['mounts', 'absolute clean paths, none inside another', (m) => mountsAllowed(m.mounts.map((d) => d.target))],
];

export function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/** @throws MANIFEST_INVALID naming the field */
export function check<M extends EnclaveManifest>(manifest: M, list: Rules<M>): M {
  for (const [field, rule, holds] of list) {
    if (!holds(manifest)) {
      throw new EnclosError('MANIFEST_INVALID', `The manifest's "${field}" must be ${rule}.`, { details: { field } });
    }
  }
  return Object.freeze(manifest);
}
