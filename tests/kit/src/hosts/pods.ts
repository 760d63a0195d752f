import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPodman, runFolder, seenAt } from '@enclos/testkit';
import { enclosBin, repository, startProgram, type Ran, type Running } from '../processes/programs.ts';
import { makeVendor } from '../machines.ts';
import { enclaveUsers } from '../separated/separated.ts';

/** Where the profile podman has pods find the platform of the machine. */
export const platformPlace = '/run/enclos';
/** The user of images. */
const podUser = 65_532;
const patienceMs = 60_000;

export interface BuiltPodImage {
  readonly mrEnclave: string;
  /** Where the image is here. */
  readonly layout: string;
}

/** A root of software platforms, as its vendor hands it out. */
export interface PodRoot {
  readonly pem: string;
  readonly fingerprint: string;
  /** What the vendor says of its machines, JSON. */
  readonly collateral: string;
}

/** Pods of podman beside a separated platform, which is there for them alone. */
export interface PodSite {
  /** Of the platform that the pods use. */
  readonly root: PodRoot;
  /** The root of another vendor. */
  otherRoot(): Promise<PodRoot>;
  /**
   * Builds and signs the project in a folder of the repository, and has podman load its image as `localhost/NAME:1`.
   */
  load(folder: string, ...words: readonly string[]): Promise<BuiltPodImage>;
  /** The same for a program in Go. @param module the folder of go.mod @param project the folder of enclave.json in it */
  loadGo(module: string, project: string): Promise<BuiltPodImage>;
  /** Writes the manifests of a deploy.json and of the files beside it. @returns the file that was written */
  deploy(settings: DeployText, files?: Readonly<Record<string, string>>, words?: readonly string[]): Promise<string>;
  /** Has podman run a manifest. @returns the name of its container */
  play(manifest: string, configMaps?: readonly string[]): Promise<string>;
  /** What a container printed when it had ended. */
  ended(container: string): Promise<Ran>;
  /** Resolves as soon as a container has printed this. */
  until(container: string, pattern: RegExp): Promise<void>;
  /** Removes what {@link PodSite.play} made; volumes too, unless they are to be kept for the next time. */
  down(manifest: string, volumes?: 'kept'): Promise<void>;
  close(): Promise<void>;
}

export interface DeployText {
  readonly name: string;
  readonly [key: string]: unknown;
}

/** The deploy.json of a folder of the repository. */
export function deploymentOf(path: string): DeployText {
  return JSON.parse(readFileSync(join(repository, path, 'deploy.json'), 'utf8')) as DeployText;
}

/** A config map of one file, as `kubectl create configmap` makes it. JSON is YAML. */
export function configMapOf(name: string, file: string, content: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { [file]: content } });
}

export async function createPodSite(): Promise<PodSite> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-pods-'));
  // The platform runs no enclaves below a folder that they cannot pass through.
  chmodSync(folder, 0o711);
  const runtime = join(folder, 'run');
  mkdirSync(runtime);
  const seen = seenAt(platformPlace, runtime);
  const podman = createPodman(join(folder, 'podman'), seen);
  // The base is the same for all images of a run; the command verifies what it finds there.
  const env = { XDG_CACHE_HOME: runFolder('cache') };
  const enclos = async (argv: readonly string[], cwd = folder): Promise<string> => {
    const { code, stdout, stderr } = await startProgram([process.execPath, enclosBin, ...argv], { cwd, env }).ended;
    assert.equal(code, 0, stderr);
    return stdout;
  };
  cpSync(join(repository, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));

  const done = async (...words: readonly string[]): Promise<Ran> => {
    const ran = await podman(...words);
    assert.equal(ran.code, 0, `podman ${words.join(' ')}: ${ran.stderr}`);
    return ran;
  };
  const vendor = (name: string): Promise<PodRoot> => enrolledRoot(join(folder, name), enclos);

  const copySources = (path: string): string => {
    const isSource = (file: string): boolean =>
      !/\/(?:dist|\.enclos|node_modules|[^/]*\.key\.pem)(?:\/|$)/.test(file.slice(repository.length));
    cpSync(join(repository, path), join(folder, path), { recursive: true, filter: isSource });
    return join(folder, path);
  };
  const makeImage = async (
    project: string,
    build: readonly string[],
    words: readonly string[],
  ): Promise<BuiltPodImage> => {
    await enclos(build, project);
    await enclos(['keygen'], project);
    await enclos(['sign', '--key', 'signing.key.pem'], project);
    const archive = join(project, 'image.tar');
    const said = await enclos(['image', 'build', '--tag', '1', '--archive', archive, ...words, '--json'], project);
    await done('load', '--quiet', '--input', archive);
    const { identity, layout } = JSON.parse(said) as {
      readonly identity: { readonly mrEnclave: string };
      readonly layout: string;
    };
    return { mrEnclave: identity.mrEnclave, layout };
  };

  let deployments = 0;
  const root = await vendor('state');
  const platform = await startSeparated(folder, seen);
  return Object.freeze({
    root,
    otherRoot: () => vendor('other'),
    async load(path: string, ...words: readonly string[]) {
      const project = copySources(path);
      symlinkSync(join(repository, 'node_modules'), join(project, 'node_modules'));
      return makeImage(project, ['build'], words);
    },
    loadGo: (module: string, project: string) => makeImage(join(copySources(module), project), ['go', 'build'], []),
    async deploy(settings: DeployText, files: Readonly<Record<string, string>> = {}, words: readonly string[] = []) {
      const place = join(folder, `deployment-${(deployments += 1)}`);
      mkdirSync(place);
      for (const [name, content] of Object.entries({ ...files, 'deploy.json': JSON.stringify(settings) })) {
        writeFileSync(join(place, name), content);
      }
      await enclos(['deploy', '--profile', 'podman', ...words], place);
      const written = join(place, 'deploy/podman');
      const [name = '', ...more] = readdirSync(written);
      assert.deepEqual([name, more], [`${settings.name}.yaml`, []]);
      return join(written, name);
    },
    async play(manifest: string, configMaps: readonly string[] = []) {
      const maps = configMaps.map((text, index) => {
        const file = `${manifest}.${index}.json`;
        writeFileSync(file, text);
        return `--configmap=${file}`;
      });
      await done('kube', 'play', '--network', 'host', ...maps, manifest);
      const { stdout } = await done('ps', '--all', '--format', '{{.IsInfra}} {{.Names}}');
      const name = manifest.replace(/^.*\//, '').replace(/\.yaml$/, '');
      const container = `${name}-pod-${name}`;
      assert.ok(stdout.split('\n').includes(`false ${container}`), stdout);
      return container;
    },
    async ended(container: string) {
      const { stdout } = await done('wait', container);
      return { ...(await done('logs', container)), code: Number(stdout) };
    },
    async until(container: string, pattern: RegExp) {
      const giveUpAt = performance.now() + patienceMs;
      for (;;) {
        const { stdout, stderr } = await done('logs', container);
        if (pattern.test(stdout)) return;
        assert.ok(performance.now() < giveUpAt, `${container} has not printed ${pattern.source}: ${stdout}${stderr}`);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    },
    async down(manifest: string, volumes?: 'kept') {
      await done('kube', 'down', ...(volumes === 'kept' ? [] : ['--force']), manifest);
    },
    async close() {
      await podman('pod', 'rm', '--all', '--force', '--time', '0');
      platform.child.kill('SIGTERM');
      await platform.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** A vendor with its machine, which is enrolled. @returns its root */
export async function enrolledRoot(
  state: string,
  enclos: (argv: readonly string[]) => Promise<string>,
): Promise<PodRoot> {
  await makeVendor(state);
  await enclos(['platform', 'init', '--state', state, '--separated']);
  const parts = ['--vendor', join(state, 'vendor'), '--machine', join(state, 'machine')];
  await enclos(['platform', 'enrol', ...parts, '--allow-separated']);
  const [file, collateral] = [`${state}.pem`, `${state}.json`];
  const out = ['--root-out', file, '--collateral-out', collateral];
  const shown = await enclos(['platform', 'show', '--state', state, ...out, '--json']);
  const [fingerprint = ''] = /(?<="rootFingerprint": ?")[0-9a-f]{64}/.exec(shown) ?? [];
  return { pem: readFileSync(file, 'utf8'), fingerprint, collateral: readFileSync(collateral, 'utf8') };
}

/**
 * A separated platform for pods, of the machine in the folder's `state`.
 * @param seen words that have it see {@link platformPlace}
 */
export async function startSeparated(folder: string, seen: readonly string[]): Promise<Running> {
  const folders = ['--state', join(folder, 'state'), '--cache', join(folder, 'interpreter')];
  const users = ['--host-user', `${podUser}`, '--enclave-users', `${enclaveUsers.first}-${enclaveUsers.last}`];
  const words = ['platform', 'serve', '--separated', ...folders, ...users, '--listen', '127.0.0.1:0'];
  const platform = startProgram([...seen, process.execPath, enclosBin, ...words], { cwd: folder });
  await platform.until(/The platform is ready\.[^]*isolation/);
  return platform;
}
