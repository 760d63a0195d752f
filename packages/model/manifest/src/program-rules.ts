import type { EnclaveManifest, ProgramManifest } from './program-form.ts';
import { distinct, mountsAllowed, rules, type Rules } from './rules.ts';

export const programRules: Rules<ProgramManifest> = [
  ...rules.filter(([field]) => field !== 'environment'),
  [
    'environment',
    'POSIX names, each at most once; one without a value may end in a star, for all that begin so',
    (m) => distinct(m.environment.map(({ name }) => name)) && m.environment.every(isVariable),
  ],
  ['program', 'without the character NUL in its arguments', (m) => !m.program.arguments.some(hasNul)],
  ['environment', 'without the character NUL in its values', (m) => !m.environment.some((v) => hasNul(v.value ?? ''))],
  [
    'program',
    'with a network when listeners or destinations are declared',
    (m) => m.program.network !== 'none' || m.listen.length + m.connect.length === 0,
  ],
  [
    'mounts',
    'absolute clean paths, none inside another except inside / in memory',
    (m) => mountsAllowed(m.mounts.filter((mount) => !isMemoryRoot(mount)).map((d) => d.target)) && hasOneRoot(m),
  ],
];

/** EGo lets through what begins with EDG_, whatever the host has. */
function isVariable({ name, value }: ProgramManifest['environment'][number]): boolean {
  return (value === undefined ? /^[A-Za-z_][A-Za-z0-9_]*\*?$/ : /^[A-Za-z_][A-Za-z0-9_]*$/).test(name);
}

/** argv and envp end at a NUL. */
function hasNul(text: string): boolean {
  return text.includes('\0');
}

function isMemoryRoot({ target, kind }: EnclaveManifest['mounts'][number]): boolean {
  return target === '/' && kind === 'memory';
}

function hasOneRoot({ mounts }: EnclaveManifest): boolean {
  return mounts.filter(isMemoryRoot).length <= 1;
}
