import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { utf8 } from '@enclos/codec';
import { planAllWays, type IsolationWay } from '@enclos/isolation';
import {
  companionScriptPath,
  layOutImage,
  pinnedInterpreter,
  type CompanionManifest,
  type EnclaveManifest,
} from '@enclos/manifest';
import { sha256, signSigstruct } from '@enclos/sgx/node';
import {
  connectSoftwarePlatform,
  enclaveChannel,
  openChannel,
  type LaunchedEnclave,
  type LaunchRequest,
} from '@enclos/tee';
import { encodePassedFrame, type PassedFrame } from '@enclos/tee/passage';
import {
  connectRawPassage,
  duplexPair,
  manifestFields,
  passSocket,
  sigstructFields,
  type RawPassage,
} from '@enclos/testkit';
import { openPlatform, type HostFolder, type SeparationOptions } from '../../../src/index.ts';
import { servePlatform } from '../../../src/platform/server.ts';
import type { PlatformServices } from '../../../src/platform/services.ts';
import { applicationKey } from '../../support.ts';
import { enrolledSite } from '../../provisioning-support.ts';

/** Platforms and minimal enclaves, for tests of what the platform and its loader do with passed sockets. */
export interface PassingLab {
  /** The layers that this machine lacks, and why. */
  readonly missing: readonly string[];
  launch(options?: LaunchOptions): Promise<PassingEnclave>;
  /** The platform itself. */
  readonly services: PlatformServices;
  close(): Promise<void>;
}

export interface LaunchOptions {
  /** What the enclave does: statements that know `cap`, `tell(value)`, and `arrived`, which they may assign to. */
  readonly body?: string;
  readonly listen?: EnclaveManifest['listen'];
  readonly passes?: boolean;
  readonly debug?: boolean;
  /** Its companions, each with the body of its script, which knows `cap` too. */
  readonly companions?: readonly LabCompanion[];
  readonly request?: Partial<LaunchRequest>;
}

export interface LabCompanion {
  readonly manifest: CompanionManifest;
  readonly body: string;
}

export interface PassingEnclave {
  readonly launched: LaunchedEnclave;
  readonly passage: RawPassage | undefined;
  /** The next value that the enclave told. */
  readonly told: () => Promise<unknown>;
}

const passedListener: EnclaveManifest['listen'] = [{ name: 'echo', port: 8443, transport: 'passed' }];

/** By default the enclave tells of each socket that arrives, and echoes what it reads. */
const echoes = `arrived = (frame, socket) => {
  tell(['arrived', [...frame], socket.remoteAddress, socket.destroyed]);
  socket.on('error', (error) => tell(['error', error.code])).on('close', () => tell(['closed'])).pipe(socket);
};`;

/** The greeting of an enclave to its platform, which would otherwise end it after ten seconds. */
async function greeting(): Promise<string> {
  const [platform, enclave] = duplexPair();
  const serve = (): Promise<Uint8Array> => Promise.reject(new Error('It serves nothing.'));
  const endpoint = openChannel({ stream: enclave, initiator: true, protocol: enclaveChannel, serve });
  endpoint.ready.catch(() => undefined);
  const [bytes] = (await once(platform, 'data')) as [Uint8Array];
  enclave.destroy();
  return Buffer.from(bytes).toString('base64');
}

async function bundle(body: string): Promise<Uint8Array> {
  return utf8(`(cap) => {
    cap.platform.write(Buffer.from('${await greeting()}', 'base64'));
    cap.platform.resume();
    cap.gate.on('end', () => cap.exit(0)).resume();
    const tell = (value) => void cap.gate.write(JSON.stringify(value) + '\\n');
    let arrived = () => undefined;
    ${body}
    cap.passage?.start((frame, socket) => arrived(frame, socket));
    tell(['ready', cap.passage !== undefined]);
  }`);
}

export interface LabOptions {
  /** What differs from the platform that this machine gives. */
  readonly change?: (services: PlatformServices) => PlatformServices;
  /** The way to isolation. Default: the one that the platform chooses. */
  readonly way?: IsolationWay;
  /** With other users for hosts and enclaves; needs root. */
  readonly separation?: SeparationOptions;
  /** Connects as the host that is known by this folder. */
  readonly folder?: HostFolder;
}

export async function createPassingLab(options: LabOptions = {}): Promise<PassingLab> {
  const { change = (services) => services, way, separation, folder } = options;
  const { machine } = await enrolledSite(separation === undefined ? 'single-user' : 'separated');
  const opened = await openPlatform({
    machineFolder: machine.folder,
    ...(separation === undefined ? {} : { separation }),
  });
  const services = change({ ...opened, isolation: isolationBy(opened, way) });
  const server = await servePlatform(services);
  if (folder !== undefined) await server.folderHosts[0]?.listen(folder);
  const launcher = await connectSoftwarePlatform(
    folder === undefined ? server.socketPath : join(folder.path, 'platform.sock'),
  );
  return {
    services,
    missing: services.isolation.layers.filter(({ active }) => !active).map(({ name, detail }) => `${name}: ${detail}`),
    async close() {
      await launcher.close();
      await server.close();
    },
    async launch(given: LaunchOptions = {}) {
      const { body = echoes, listen = passedListener, passes = true, debug = false, companions = [] } = given;
      const { request = {} } = given;
      const manifest = {
        ...manifestFields(pinnedInterpreter, { listen, debug }),
        heapSizeBytes: 64n * 1024n * 1024n,
        ...(companions.length === 0 ? {} : { companions: companions.map((companion) => companion.manifest) }),
      };
      const files = companions.map((companion) => ({
        path: companionScriptPath(companion.manifest.name),
        content: utf8(`(cap) => { ${companion.body} }`),
      }));
      const image = layOutImage({ manifest, bundle: await bundle(body), files });
      const attributes = { flags: debug ? 6n : 4n, xfrm: 3n };
      const signature = signSigstruct(sigstructFields({ enclaveHash: sha256(image), attributes }), applicationKey);
      let passage: RawPassage | undefined;
      const openPassage = async (path: string): Promise<void> => void (passage = await connectRawPassage(path));
      const launched = await launcher.launch({
        image,
        signature,
        debug,
        isolation: 'best',
        ...(passes ? { openPassage } : {}),
        ...request,
      });
      const lines = createInterface({ input: launched.gate })[Symbol.asyncIterator]();
      return {
        launched,
        passage,
        async told() {
          const line = await lines.next();
          if (line.done === true) throw new Error(`The enclave told nothing more: ${(await launched.exited).detail}`);
          return JSON.parse(line.value) as unknown;
        },
      };
    },
  };
}

function isolationBy(services: PlatformServices, way: IsolationWay | undefined): PlatformServices['isolation'] {
  if (way === undefined) return services.isolation;
  const found = planAllWays({
    interpreterPath: services.interpreter.path,
    filterPath: join(services.runtimeFolder.path, 'enclave.bpf'),
    starterPath: services.isolation.starterPath,
    ...(services.separated === undefined ? {} : { enclaveUser: services.separated.enclaveUsers.first }),
  }).find((plan) => plan.way === way);
  if (found === undefined) throw new Error(`There is no isolation by ${way}.`);
  return found;
}

/** Two ends of one connection of TCP. */
export async function connectionPair(): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const listener = createServer({ pauseOnConnect: true });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const client = connect({ port: portOf(listener), host: '127.0.0.1', allowHalfOpen: true });
  const [server] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  return { client, server };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It does not listen.');
  return address.port;
}

/** Passes one new connection as the first of the first listener. @returns its other end */
export async function passConnection(
  passage: RawPassage | undefined,
  frame: Partial<PassedFrame> = {},
): Promise<Socket> {
  if (passage === undefined) throw new Error('There is no passage.');
  const { client, server } = await connectionPair();
  await passSocket(passage, encodePassedFrame({ kind: 'accepted', listener: 0, stream: 1, ...frame }), server);
  return client;
}
