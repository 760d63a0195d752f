import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildGoProgram, findGo, type GoToolchain } from '@enclos/go-toolchain';
import type { StreamTransport } from '@enclos/manifest';
import { startProgram, start, type Child } from '../harness/child.ts';
import { imageIn } from '../harness/enclave-image.ts';

const sources = fileURLToPath(new URL('../../../go-server', import.meta.url));

/** A server of the Go program, in processes of its own below one. */
export interface GoServer {
  readonly processId: number;
  /** The only root that a client needs. */
  readonly certificate: string;
  /** Ports on this machine. */
  readonly echo: number;
  readonly hash: number;
  close(): Promise<void>;
}

/** The program, built in two ways from the same sources. */
export interface GoPrograms {
  /** By `go build`. */
  readonly plain: string;
  /** As an enclave, by `enclos go build`. */
  readonly enclave: string;
  /** The project of the second. */
  readonly project: string;
  /** The project of a program that only says hello, built as the second. */
  readonly hello: string;
}

/** @throws GO_NOT_FOUND */
export async function buildPrograms(folder: string): Promise<GoPrograms> {
  const go = await findGo(undefined, process.env);
  const project = join(folder, 'project');
  cpSync(sources, project, { recursive: true });
  const [plain, enclave] = [join(folder, 'plain'), join(project, 'bin/go-server')];
  const hello = join(project, 'hello');
  await buildPlain(go, project, plain);
  const build = (parameter: string, out: string): Promise<unknown> =>
    buildGoProgram({
      go,
      folder: project,
      parameters: [parameter],
      out,
      architecture: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
      work: join(folder, 'work'),
      environment: process.env,
    });
  await build('.', enclave);
  await build('./hello', join(hello, 'bin/go-hello'));
  return { plain, enclave, project, hello };
}

/** With the settings of the other build, so that only the standard library differs. */
async function buildPlain(go: GoToolchain, folder: string, out: string): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOTOOLCHAIN: 'local', GOWORK: 'off', GOAMD64: 'v1' };
  await promisify(execFile)(go.path, ['build', '-trimpath', '-buildvcs=false', '-o', out, '.'], { cwd: folder, env });
}

/** The program outside. */
export async function startPlain({ plain }: GoPrograms): Promise<GoServer> {
  return serverOf(startProgram(plain, '0', '0', 'until-input-ends'));
}

/** The program in an enclave, whose host has a process of its own. */
export async function startEnclave(
  { project }: GoPrograms,
  transport: StreamTransport,
  folder: string,
): Promise<GoServer> {
  await imageIn(folder, project, transport);
  return serverOf(start('programs/go-host.js', folder));
}

async function serverOf(child: Child): Promise<GoServer> {
  // The program says so.
  const said = JSON.parse(await child.nextLine()) as Pick<GoServer, 'certificate' | 'echo' | 'hash'>;
  return { ...said, processId: child.processId, close: () => child.close() };
}
