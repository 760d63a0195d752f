import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { EnginePool } from '@enclos/inference-engine';
import { ChildEngines } from '@enclos/inference-engine/child-processes';
import { createInferenceApi, type InferenceApi, type ServedModel } from '@enclos/inference-service';
import { defaultTensorLimits } from '@enclos/open-inference';
import { engineOf } from '../inference/engine.ts';
import { loads, manifestEntry, type Load } from '../inference/models.ts';

/**
 * The same API on node:http, without an enclave: once with the engine in its own process, where a run stops everything else, and once with
 * as many engines in other processes as the enclave has. It says its ports in a line, and ends with its standard input.
 */
const engines = new ChildEngines({
  count: Number(process.argv[2] ?? 2),
  command: [process.execPath, fileURLToPath(new URL('../inference/engine-program.js', import.meta.url)), 'native'],
});
const pool = new EnginePool({ engines: engines.source });

function inOwnProcess(load: Load): Omit<ServedModel, keyof typeof shared> {
  const session = engineOf('native').load(load.bytes, { threads: 1 });
  const { inputs, outputs } = session;
  return {
    inputs,
    outputs,
    async run(tensors) {
      const indexed = tensors.map(({ name, shape, data }) => ({
        index: inputs.findIndex((input) => input.name === name),
        shape,
        data,
      }));
      const results = session.run(indexed, [0]);
      return results.map(({ shape, data }) => ({ name: 'y', datatype: 'FP32' as const, shape, data }));
    },
  };
}

async function inOtherProcesses({ model, bytes }: Load): Promise<Omit<ServedModel, keyof typeof shared>> {
  const pooled = await pool.load({ name: model, version: '1', source: bytes });
  return { inputs: pooled.inputs, outputs: pooled.outputs, run: pooled.run.bind(pooled) };
}

const shared = { name: '', version: '1', digest: '', isUsable: true, loadedAt: 0, openAi: undefined };

async function apiOf(open: (load: Load) => Promise<Omit<ServedModel, keyof typeof shared>>): Promise<InferenceApi> {
  const served: ServedModel[] = [];
  for (const load of loads()) {
    const { name, version, digest } = manifestEntry(load);
    served.push({ ...shared, name, version, digest, ...(await open(load)) });
  }
  return createInferenceApi({
    models: {
      find: (name) => served.find((model) => model.name === name),
      list: () => served,
      loadable: [],
      want: () => undefined,
      load: async () => undefined,
      unload: async () => undefined,
      isReady: true,
    },
    server: { name: 'outside', version: '0' },
    clientsChangeModels: false,
    modelKeys: { challenge: () => '', keySetDigest: () => '', supply: async () => undefined },
    maxInferBytes: 33_554_432,
    tensorLimits: defaultTensorLimits,
    now: () => new Date(),
    random: Math.random,
    newId: () => 'id',
    onFault: (error) => process.stderr.write(`${String(error)}\n`),
  });
}

async function answer(api: InferenceApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const [only] = pieces;
  const { status, headers, body } = await api.answer({
    method: request.method ?? '',
    path: request.url ?? '',
    headers: new Map(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces),
    signal: new AbortController().signal,
  });
  if (!(body instanceof Uint8Array)) throw new Error('Nothing here is streamed.');
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

async function serving(api: InferenceApi): Promise<number> {
  const server: Server = createServer({ keepAliveTimeout: 3_600_000, noDelay: true }, (request, response) => {
    void answer(api, request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const own = await serving(await apiOf(async (load) => inOwnProcess(load)));
const others = await serving(await apiOf(inOtherProcesses));
process.stdout.write(`${JSON.stringify({ own, others })}\n`);
await once(process.stdin.resume(), 'end');
pool.close();
engines.close();
process.exit();
