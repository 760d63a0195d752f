import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  status,
  type ClientReadableStream,
  type handleUnaryCall,
  type MethodDefinition,
} from '@grpc/grpc-js';
import type { Definitions } from '../src/plugin/definitions.ts';
import type {
  AllocateRequest,
  AllocateResponse,
  DeviceList,
  PluginOptions,
  RegisterRequest,
} from '../src/plugin/messages.ts';

/** A plugin as the kubelet has it: by its socket. */
export interface KnownPlugin {
  readonly request: RegisterRequest;
  readonly options: () => Promise<PluginOptions>;
  /** Every list that came, the first one first. */
  readonly lists: readonly DeviceList[];
  /** Resolves when the last list that came is one of these. */
  readonly until: (holds: (list: DeviceList) => boolean) => Promise<DeviceList>;
  /** Resolves when the plugin's stream has ended. */
  readonly gone: Promise<void>;
  readonly allocate: (...containers: readonly (readonly string[])[]) => Promise<AllocateResponse>;
  /** Any call, with the bytes of its request and of its answer. */
  readonly raw: (path: string, request: Uint8Array) => Promise<Buffer>;
}

export interface FakeKubelet {
  readonly plugins: readonly KnownPlugin[];
  /** Resolves when a plugin has registered since the kubelet was started. */
  readonly plugin: (resource: string) => Promise<KnownPlugin>;
  readonly stop: () => Promise<void>;
}

export interface FakeKubeletOptions {
  readonly definitions: Definitions;
  readonly folder: string;
  /** Why it does not want a plugin. */
  readonly refuses?: (request: RegisterRequest) => string | undefined;
}

/** Starts as the kubelet does: it empties its folder, listens, and calls back each plugin that registers. */
export async function startFakeKubelet(options: FakeKubeletOptions): Promise<FakeKubelet> {
  const { definitions, folder, refuses } = options;
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
  const plugins: KnownPlugin[] = [];
  const clients: Client[] = [];
  const waiting = new Set<() => void>();
  const takeIn: handleUnaryCall<RegisterRequest, object> = ({ request }, answer) => {
    const reason = refuses?.(request);
    if (reason !== undefined) return answer({ code: status.UNKNOWN, details: reason });
    const client = new Client(`unix:${join(folder, request.endpoint)}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    clients.push(client);
    plugins.push(knownPlugin(definitions, client, request));
    answer(null, {});
    for (const look of waiting) look();
  };
  const server = new Server();
  server.addService(definitions.registration, { Register: takeIn });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${join(folder, 'kubelet.sock')}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return Object.freeze({
    plugins,
    plugin: (resource: string) =>
      new Promise<KnownPlugin>((resolve) => {
        const look = (): void => {
          const found = plugins.find(({ request }) => request.resource_name === resource);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async stop() {
      for (const client of clients) client.close();
      server.forceShutdown();
      for (const name of await readdir(folder).catch(() => [])) await rm(join(folder, name), { force: true });
    },
  });
}

function knownPlugin(definitions: Definitions, client: Client, request: RegisterRequest): KnownPlugin {
  const method = (name: string): MethodDefinition<unknown, unknown> => {
    const found = definitions.devicePlugin[name];
    if (found === undefined) throw new Error(`No ${name}.`);
    return found;
  };
  const unary = <T>(name: string, message: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method(name);
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, (error, value) =>
        error === null ? resolve(value as T) : reject(error),
      );
    });
  const watched = watchList(method('ListAndWatch'), client);
  return Object.freeze({
    request,
    ...watched,
    options: () => unary<PluginOptions>('GetDevicePluginOptions', {}),
    allocate: (...containers: readonly (readonly string[])[]) =>
      unary<AllocateResponse>('Allocate', {
        container_requests: containers.map((ids) => ({ devices_ids: [...ids] })),
      } satisfies AllocateRequest),
    raw: (path: string, bytes: Uint8Array) =>
      new Promise<Buffer>((resolve, reject) => {
        const same = (value: Buffer): Buffer => value;
        client.makeUnaryRequest(path, same, same, Buffer.from(bytes), (error, value) =>
          error === null && value !== undefined ? resolve(value) : reject(error ?? new Error('No answer.')),
        );
      }),
  });
}

function watchList(
  { path, requestSerialize, responseDeserialize }: MethodDefinition<unknown, unknown>,
  client: Client,
): Pick<KnownPlugin, 'lists' | 'until' | 'gone'> {
  const lists: DeviceList[] = [];
  const watchers = new Set<() => void>();
  const stream: ClientReadableStream<unknown> = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    {},
  );
  stream.on('data', (list: DeviceList) => {
    lists.push(list);
    for (const look of watchers) look();
  });
  const gone = new Promise<void>((resolve) => {
    stream.on('error', () => resolve());
    stream.on('end', () => resolve());
  });
  return {
    lists,
    gone,
    until: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          const last = lists.at(-1);
          if (last === undefined || !holds(last)) return;
          watchers.delete(look);
          resolve(last);
        };
        watchers.add(look);
        look();
      }),
  };
}
