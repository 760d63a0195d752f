import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { overlayTagPrefix } from '@enclos/elf';
import { EnclosError } from '@enclos/errors';
import { durable } from '@enclos/durable';
import { carriedFolder } from './carried.ts';
import { readModule, type ModuleFiles } from './module.ts';
import { createOverlay, type Overlay } from './overlay/overlay.ts';
import type { GoToolchain } from './toolchain.ts';

export interface GoRunOptions {
  readonly go: GoToolchain;
  /** Where Go runs, in the module of the program. */
  readonly folder: string;
  /** Flags and packages, as they follow `go build`. */
  readonly parameters: readonly string[];
  readonly architecture: 'linux-x64' | 'linux-arm64';
  /** A folder for the files of the build, which stay there. */
  readonly work: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets what Go says, as it comes. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

export interface GoBuildOptions extends GoRunOptions {
  /** Path of the program. */
  readonly out: string;
}

/** What a program was built with. It says so itself: `readGoProgram` of `@enclos/elf`. */
export interface GoBuild {
  /** Such as `go1.24.4`. */
  readonly goVersion: string;
  /** SHA-256 of the overlay, as hex. */
  readonly overlaySha256: string;
}

export interface GoRun extends GoBuild {
  /** Not 0: Go found something wrong, or a test failed. */
  readonly exitCode: number;
  /** The end of what Go said. */
  readonly said: string;
}

const architectures = { 'linux-x64': 'amd64', 'linux-arm64': 'arm64' } as const;

/**
 * Builds a Go program as an enclave: static, with the overlay, and the same bytes in any folder.
 * @throws GO_ANCHOR_MISSING, GO_BUILD_FAILED, GO_FILES_MISSING
 */
export async function buildGoProgram(options: GoBuildOptions): Promise<GoBuild> {
  mkdirSync(dirname(options.out), { recursive: true });
  const parameters = ['-o', options.out, ...options.parameters];
  const { exitCode, said, ...build } = await runGo('build', { ...options, parameters });
  if (exitCode !== 0) {
    throw new EnclosError('GO_BUILD_FAILED', `\`go build\` in ${options.folder} failed:\n${said.trimEnd()}`);
  }
  return build;
}

/**
 * Runs Go with the standard library that programs of enclaves have. Outside an enclave it behaves as Go's own does, so tests run as ever.
 * @throws GO_ANCHOR_MISSING, GO_BUILD_FAILED without a module, GO_FILES_MISSING, GO_NOT_FOUND
 */
export async function runGo(command: 'build' | 'test' | 'install', options: GoRunOptions): Promise<GoRun> {
  const { go, folder, work } = options;
  const carried = carriedFolder();
  const architecture = architectures[options.architecture];
  const overlay = createOverlay(go, { architecture, carried });
  const module = readModule(folder, carried, { isTest: command === 'test' });
  const overlayFile = await writeOverlay(overlay, { go, module, work });
  const moduleFlags = module.isVendored ? ['-mod=vendor'] : ['-mod=mod', `-modfile=${await writeModule(module, work)}`];
  const { tags, others } = splitTags(options.parameters);
  const ownTags = ['enclos_overlay', `${overlayTagPrefix}${overlay.sha256}`, ...tags].join(',');
  // Without the tables of a debugger, which is a quarter of a program that is measured and sent at each start. The user's own flag goes before it.
  const reproducible = command === 'test' ? [] : ['-trimpath', '-buildvcs=false', '-ldflags=-w'];
  const flags = [...moduleFlags, ...reproducible, `-overlay=${overlayFile}`, `-tags=${ownTags}`, ...others];
  const environment = { ...goEnvironment(options.environment), GOARCH: architecture };
  const outcome = await start([command, ...flags], { ...options, environment });
  return { goVersion: go.version, overlaySha256: overlay.sha256, ...outcome };
}

/** Without what would change the program unnoticed by the user, or fetch another Go. */
function goEnvironment(environment: GoRunOptions['environment']): Record<string, string | undefined> {
  return {
    ...environment,
    CGO_ENABLED: '0',
    GOOS: 'linux',
    GOFLAGS: '',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    GOROOT: '',
    GOEXPERIMENT: '',
    GOAMD64: 'v1',
    GOARM64: 'v8.0',
    GOFIPS140: '',
    GO111MODULE: 'on',
    GOPROXY: environment['GOPROXY'] ?? 'off',
  };
}

/** Go takes one list of tags: the user's are taken out of the parameters. */
function splitTags(parameters: readonly string[]): {
  readonly tags: readonly string[];
  readonly others: readonly string[];
} {
  const tags: string[] = [];
  const others: string[] = [];
  for (let i = 0; i < parameters.length; i++) {
    const parameter = parameters[i] ?? '';
    const inOne = /^--?tags=(.*)$/.exec(parameter)?.[1];
    if (inOne !== undefined) tags.push(inOne);
    else if (/^--?tags$/.test(parameter)) tags.push(parameters[++i] ?? '');
    else others.push(parameter);
  }
  return { tags: tags.flatMap((list) => list.split(/[ ,]+/)).filter((tag) => tag !== ''), others };
}

async function writeOverlay(
  overlay: Overlay,
  { go, module, work }: { go: GoToolchain; module: ModuleFiles; work: string },
): Promise<string> {
  const folder = join(work, `overlay-${overlay.sha256.slice(0, 16)}`);
  const replace: Record<string, string> = Object.fromEntries(module.shown);
  for (const { path, content } of overlay.files) {
    const file = join(folder, path);
    replace[join(go.root, 'src', path)] = file;
    await write(file, content);
  }
  const listing = join(work, 'overlay.json');
  await write(listing, `${JSON.stringify({ Replace: replace }, null, 1)}\n`);
  return listing;
}

async function writeModule(module: ModuleFiles, work: string): Promise<string> {
  const file = join(work, 'go.mod');
  await write(file, module.goMod);
  await write(join(work, 'go.sum'), module.goSum ?? '');
  return file;
}

function write(path: string, content: string): Promise<void> {
  return durable.replace(path, content, { mode: 0o644, folderMode: 0o755, isCache: true });
}

function start(
  parameters: readonly string[],
  { go, folder, environment, onOutput }: GoRunOptions,
): Promise<Pick<GoRun, 'exitCode' | 'said'>> {
  return new Promise((resolve, reject) => {
    const child = spawn(go.path, parameters, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (text: Buffer): void => {
      said = `${said}${String(text)}`.slice(-longestOutput);
      onOutput?.(String(text));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', (cause) => {
      reject(new EnclosError('GO_NOT_FOUND', `${go.path} cannot be run.`, { cause }));
    });
    child.once('close', (code) => resolve({ exitCode: code ?? 1, said }));
  });
}

/** What an error quotes of Go, at most. */
const longestOutput = 16_384;
