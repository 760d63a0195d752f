import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { PrivateMachine } from './private-machine.ts';
import { startProgram, testWithPrograms, type Ran } from '../programs.ts';

const tools = ['podman', 'catatonit', 'skopeo'] as const;

function isInstalled(tool: string): boolean {
  return spawnSync(tool, ['--version']).status === 0;
}

const missing = tools.filter((tool) => !isInstalled(tool));
/** Why there can be no containers here; undefined where there can. */
export const containersMissing =
  process.getuid?.() !== 0
    ? 'containers are run as root here'
    : missing.length > 0
      ? `absent: ${missing.join(', ')} (apt-get install podman crun catatonit skopeo)`
      : undefined;

/** Tests with real containers. Where there can be none they are skipped, visibly and counted; in CI that fails. */
export function containerTest(name: string, body: (t: TestContext) => Promise<void>): void {
  const failure = (absence: string): string => `Containers cannot be run: ${absence}.`;
  testWithPrograms(name, { absence: containersMissing, failure }, body);
}

/** Runs podman; its images and containers are in one folder. */
export type Podman = (...args: readonly string[]) => Promise<Ran>;

/**
 * Words that have a program see a folder at another place too, which it alone does. Absolute.
 * The place itself is made when it is not there.
 */
export function seenAt(place: string, folder: string): readonly string[] {
  const script = 'mkdir -p "$1" && mount --rbind "$0" "$1" && shift && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, folder, place];
}

/** The firewall of netavark: its own choice is nft, which not every machine has. */
const network = isInstalled('nft') ? '' : '\n[network]\nfirewall_driver = "iptables"\n';

/**
 * A podman of one's own on a private machine: its pods have addresses there.
 * @param machine starts programs there
 */
export function createPodmanOn(machine: PrivateMachine, folder: string): Podman {
  const { env, storage } = podmanSettings(folder);
  return (...args) =>
    startProgram([...machine.words(folder), 'podman', ...storage, ...args], { cwd: folder, env }).ended;
}

/**
 * A podman of one's own. On kernels with hybrid cgroups it needs a mount namespace without the unified hierarchy, and containers without
 * cgroups; elsewhere neither does harm.
 * @param words what starts it
 */
export function createPodman(folder: string, words: readonly string[] = []): Podman {
  const { env, storage } = podmanSettings(folder);
  const script = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec podman "$@"';
  return (...args) =>
    startProgram([...words, 'unshare', '--mount', 'sh', '-c', script, 'sh', ...storage, ...args], { cwd: folder, env })
      .ended;
}

/** The first words of a podman whose images and containers are in one folder, and its variables. */
export function podmanSettings(folder: string): {
  readonly storage: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, 'containers.conf');
  const engine = '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "crun"\n';
  writeFileSync(configuration, `[containers]\ncgroups = "disabled"\n\n${engine}${network}`);
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  return { storage, env: { CONTAINERS_CONF: configuration, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' } };
}
