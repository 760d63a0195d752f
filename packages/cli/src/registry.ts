import type { Command } from './command-line/command.ts';

export type Category = 'Project' | 'Image' | 'Kubernetes' | 'Evidence' | 'Platform' | 'Shell';

/** A command without its body: enough for the list of commands, and quick to load. */
export interface RegistryEntry {
  /** The words that call it: `['platform', 'init']`. */
  readonly name: readonly string[];
  readonly category: Category;
  readonly summary: string;
  load(): Promise<Command>;
}

function entry(
  name: string,
  category: Category,
  summary: string,
  load: () => Promise<{ readonly command: Command }>,
): RegistryEntry {
  return Object.freeze({
    name: Object.freeze(name.split(' ')),
    category,
    summary,
    load: async () => (await load()).command,
  });
}

/** Every command, in the order of the help. */
export const registry: readonly RegistryEntry[] = Object.freeze([
  entry('new', 'Project', 'Make a project that builds and runs', () => import('./commands/new/command.ts')),
  entry(
    'build',
    'Project',
    'Bundle, lay out and measure the enclave of a project',
    () => import('./commands/build/command.ts'),
  ),
  entry(
    'run',
    'Project',
    'Build, sign and run a project on a software platform',
    () => import('./commands/run/command.ts'),
  ),
  entry(
    'dev',
    'Project',
    'Run a project, and build and restart what changes',
    () => import('./commands/dev/command.ts'),
  ),
  entry(
    'debug',
    'Project',
    'Run a project with a debugger in its debug enclave',
    () => import('./commands/debug/command.ts'),
  ),
  entry(
    'doctor',
    'Project',
    'Check what this machine and project are ready for',
    () => import('./commands/doctor/command.ts'),
  ),
  entry('keygen', 'Image', 'Make a signing key', () => import('./commands/keygen/command.ts')),
  entry('sign', 'Image', 'Sign an image', () => import('./commands/sign/command.ts')),
  entry('measure', 'Image', 'Print the MRENCLAVE of an image', () => import('./commands/measure/command.ts')),
  entry(
    'inspect',
    'Image',
    'Show what is in an image, signature, quote, sealed blob or key',
    () => import('./commands/inspect/command.ts'),
  ),
  entry(
    'gramine manifest',
    'Image',
    'Write the Gramine manifest of an image (not yet run on hardware)',
    () => import('./commands/gramine/manifest.ts'),
  ),
  entry('deploy', 'Kubernetes', 'Write the manifests that run an image', () => import('./commands/deploy/command.ts')),
  entry(
    'lint',
    'Kubernetes',
    'Mark what is wrong with manifests that schedule enclaves',
    () => import('./commands/lint/command.ts'),
  ),
  entry(
    'image build',
    'Image',
    'Make a container image of a signed enclave and its host program',
    () => import('./commands/image/build.ts'),
  ),
  entry(
    'image inspect',
    'Image',
    'Show what a container image says about itself',
    () => import('./commands/image/inspect.ts'),
  ),
  entry(
    'image verify',
    'Image',
    'Tie the digest of a container image to the enclave in it',
    () => import('./commands/image/verify.ts'),
  ),
  entry('image push', 'Image', 'Send a container image to a registry', () => import('./commands/image/push.ts')),
  entry('image pull', 'Image', 'Get a container image from a registry', () => import('./commands/image/pull.ts')),
  entry(
    'verify',
    'Evidence',
    'Verify a quote, and appraise it by a policy',
    () => import('./commands/verify/command.ts'),
  ),
  entry(
    'explain',
    'Evidence',
    'Show what a quote, a report, a certificate or a token says',
    () => import('./commands/explain/command.ts'),
  ),
  entry(
    'policy init',
    'Evidence',
    'Make a strict policy from a quote or a measurement',
    () => import('./commands/policy/init.ts'),
  ),
  entry('policy check', 'Evidence', 'Mark what is wrong with a policy', () => import('./commands/policy/check.ts')),
  entry(
    'policy explain',
    'Evidence',
    'Say in sentences what a policy accepts',
    () => import('./commands/policy/explain.ts'),
  ),
  entry(
    'policy test',
    'Evidence',
    'Evaluate a policy of claim rules on claims',
    () => import('./commands/policy/test.ts'),
  ),
  entry('policy format', 'Evidence', 'Format a policy of claim rules', () => import('./commands/policy/format.ts')),
  entry(
    'collateral fetch',
    'Evidence',
    'Get the collateral of a platform, and keep it',
    () => import('./commands/collateral/fetch.ts'),
  ),
  entry(
    'collateral list',
    'Evidence',
    'Show the collateral that is kept',
    () => import('./commands/collateral/list.ts'),
  ),
  entry(
    'collateral doctor',
    'Evidence',
    'Say what of the kept collateral is old, and what to do',
    () => import('./commands/collateral/doctor.ts'),
  ),
  entry(
    'collateral export',
    'Evidence',
    'Write the kept collateral into one file',
    () => import('./commands/collateral/export.ts'),
  ),
  entry(
    'collateral import',
    'Evidence',
    'Keep the collateral that a file holds',
    () => import('./commands/collateral/import.ts'),
  ),
  entry(
    'platform init',
    'Platform',
    'Make a software vendor and machine, and enrol the machine',
    () => import('./commands/platform/init.ts'),
  ),
  entry(
    'platform enrol',
    'Platform',
    'Enrol a machine with a vendor, also from another computer',
    () => import('./commands/platform/enrol.ts'),
  ),
  entry('platform show', 'Platform', 'Show a vendor and a machine', () => import('./commands/platform/show.ts')),
  entry(
    'platform serve',
    'Platform',
    'Run a platform, and serve its collateral',
    () => import('./commands/platform/serve.ts'),
  ),
  entry(
    'platform audit verify',
    'Platform',
    'Check that the audit log of a platform is whole',
    () => import('./commands/platform/audit-verify.ts'),
  ),
  entry(
    'platform audit show',
    'Platform',
    'Show the last records of an audit log',
    () => import('./commands/platform/audit-show.ts'),
  ),
  entry(
    'platform publish-tcb',
    'Platform',
    'Raise the current TCB level of a vendor',
    () => import('./commands/platform/publish-tcb.ts'),
  ),
  entry(
    'platform set-cpusvn',
    'Platform',
    'Set the CPUSVN, to rehearse a TCB recovery',
    () => import('./commands/platform/set-cpusvn.ts'),
  ),
  entry(
    'completions',
    'Shell',
    'Print the completions of this command for a shell',
    () => import('./commands/completions/command.ts'),
  ),
]);

/** The entry that the arguments call, and how many of them name it. */
export function findEntry(words: readonly string[]): RegistryEntry | undefined {
  return registry.find(({ name }) => name.every((word, index) => words[index] === word));
}

/** The commands under words that are no command by themselves: `platform`, `platform audit`. */
export function groupOf(words: readonly string[]): readonly RegistryEntry[] {
  return registry.filter(
    ({ name }) => words.length > 0 && name.length > words.length && words.every((word, index) => name[index] === word),
  );
}
