import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { policyReportAppraiser } from '@enclos/inference-client/node';
import type { ReportAppraiser } from '@enclos/inference-client';
import { generateSigningKey } from '@enclos/sgx/node';
import { softwareRoot } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { descendants } from '@enclos/process-kit';
import { openVendor, singleUserAdvisory, stateFolders } from '@enclos/software-sgx';
import { startWatchedPlatform } from '../lab.ts';
import { createSecretModel, type SecretModel } from './secret-model.ts';

const service = fileURLToPath(new URL('../../../../../services/inference', import.meta.url));
/** Where the models of the service are. */
export const modelFolder = fileURLToPath(new URL('../../../../../samples/inference/models', import.meta.url));

/** One life of the host of the inference service, with its enclave and engines. */
export interface ServiceLife {
  readonly url: string;
  readonly hostId: number;
  /** Settles when the host has ended. */
  readonly ended: Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** The inference service as it is run: a platform, and a host with its enclave, each in its process. This process is the client. */
export interface InferenceSite {
  readonly platformId: number;
  readonly folder: string;
  /** One of its models, whose key the service does not have yet. */
  readonly secret: SecretModel;
  readonly appraise: ReportAppraiser;
  start(): Promise<ServiceLife>;
  /** The processes of the present enclave, and those of its engines. */
  processes(): { readonly enclave: readonly number[]; readonly engines: readonly number[] };
  /** What platform and hosts wrote to their outputs. */
  outputs(): string;
  close(): Promise<void>;
}

export async function openInferenceSite(): Promise<InferenceSite> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-torture-inference-'));
  const paths = { image: join(folder, 'inference.sgxs'), signature: join(folder, 'inference.sig') };
  const secret = createSecretModel();
  const models = join(folder, 'models');
  cpSync(modelFolder, models, { recursive: true });
  writeFileSync(join(models, secret.file.name), secret.file.bytes);
  const built = await buildWith(secret, join(folder, 'build'));
  writeFileSync(paths.image, built.image);
  writeFileSync(paths.signature, signEnclave({ image: built.image, key: generateSigningKey(), date: new Date() }));
  cpSync(built.paths.companionFiles, join(folder, 'inference.files'), { recursive: true });
  // Whatever is written to a temporary file is found here.
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  process.env['TMPDIR'] = temporary;
  const platform = await startWatchedPlatform({ stateFolder: (name) => join(folder, name) }, 'state');
  const { rootPem } = await openVendor(stateFolders(join(folder, 'state')).vendorFolder);
  const { fingerprint } = await softwareRoot(rootPem);
  const policy = {
    mrEnclave: [toHex(built.mrEnclave)],
    minimumSecurityVersion: 1,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [fingerprint],
  } as const;
  let written = '';
  const lives = new Set<ServiceLife>();
  return Object.freeze<InferenceSite>({
    platformId: platform.processId,
    folder,
    secret,
    appraise: policyReportAppraiser({ policy }),
    async start() {
      const life = await startHost(folder, {
        env: {
          ...process.env,
          ENCLOS_PLATFORM: platform.socketPath,
          ENCLOS_IMAGE: paths.image,
          ENCLOS_SIGNATURE: paths.signature,
          ENCLOS_ISOLATION: 'best',
        },
        wrote: (text) => (written += text),
      });
      lives.add(life);
      void life.ended.then(() => lives.delete(life));
      return life;
    },
    processes() {
      const all = descendants(platform.processId);
      const isEngine = (id: number): boolean => commandOf(id).includes('--allow-addons');
      return { enclave: all.filter((id) => !isEngine(id)), engines: all.filter(isEngine) };
    },
    outputs: () => written + platform.complaints(),
    async close() {
      for (const life of lives) await life.stop();
      await platform.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** The service, with one model more in its manifest. */
async function buildWith({ entry }: SecretModel, outFolder: string): ReturnType<typeof buildEnclave> {
  const project = await loadProject(service);
  // A file of a project is in its folder, and git ignores what is there.
  mkdirSync(join(service, '.enclos'), { recursive: true });
  const variant = mkdtempSync(join(service, '.enclos', 'torture-'));
  try {
    const { models } = JSON.parse(readFileSync(join(service, 'models.json'), 'utf8')) as { readonly models: object[] };
    writeFileSync(join(variant, 'models.json'), JSON.stringify({ models: [...models, entry] }));
    const source = relative(service, join(variant, 'models.json'));
    const files = project.files.map((file) => (file.target === '/models.json' ? { ...file, source } : file));
    return await buildEnclave({ ...project, files }, { outFolder });
  } finally {
    rmSync(variant, { recursive: true });
  }
}

function commandOf(processId: number): string {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

async function startHost(
  folder: string,
  { env, wrote }: { readonly env: NodeJS.ProcessEnv; readonly wrote: (text: string) => void },
): Promise<ServiceLife> {
  const address = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
  const args = [join(service, 'dist/src/host.js'), '--models', join(folder, 'models'), ...address];
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.setEncoding('utf8').on('data', wrote);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      wrote(`${line}\n`);
      const said = JSON.parse(line) as { readonly event?: string; readonly port?: number };
      if (said.event === 'listening') resolve(said.port ?? 0);
      if (said.event === 'failed') reject(new Error(line));
    });
    void ended.then(() => reject(new Error('The host ended before it listened.')));
  });
  return Object.freeze<ServiceLife>({
    url: `https://127.0.0.1:${port}`,
    hostId: child.pid ?? 0,
    ended,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  });
}
