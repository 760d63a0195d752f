import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { isEnclosError } from '@enclos/errors';
import { connectSoftwarePlatform, hostChannel, openChannel, type SoftwareLauncher } from '@enclos/tee';
import { connectPeer, type Peer } from '../hostile/platform-peer.ts';
import { loadProbe, type Probe } from '../hosts/probe-host.ts';
import { addressOf, loadStreams, type Streams } from '../hosts/streams-host.ts';
import type { SignedImage } from '../workshop.ts';

/**
 * A host program of its own user: `separated-host.js USER IMAGE SIGNATURE`. It
 * starts as root, since only root may be able to read this file, and drops what
 * it has before it does anything. It takes orders as lines of JSON.
 */
const [, , user = '', imagePath = '', signaturePath = ''] = process.argv;
const signed: SignedImage = {
  image: new Uint8Array(readFileSync(imagePath)),
  signature: new Uint8Array(readFileSync(signaturePath)),
};
process.setgroups?.([]);
process.setgid?.(Number(user));
process.setuid?.(Number(user));
process.chdir('/');

let launcher: SoftwareLauncher | undefined;
let peer: Peer | undefined;
const probes: Probe[] = [];
const listening: Streams[] = [];
const uploads: number[] = [];

const there = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('Not there yet.');
  return value;
};
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const text = (value: Uint8Array): string => Buffer.from(value).toString('base64');
const policy = 'enclave' as const;

export interface Order {
  readonly id: number;
  readonly what: string;
  readonly args: readonly (string | number)[];
}

const deeds: Readonly<Record<string, (...args: readonly string[]) => unknown>> = {
  status: () => readFileSync('/proc/self/status', 'utf8'),
  connect: async (socket = '') => void (launcher = await connectSoftwarePlatform(socket)),
  describe: () => there(launcher).describe(),
  endorsements: () => there(launcher).endorsements(),
  load: async () => probes.push(await loadProbe(there(launcher), signed)) - 1,
  layers: (probe = '') =>
    there(probes[Number(probe)])
      .isolation.filter(({ active }) => active)
      .map(({ name }) => name),
  async dispose(probe = '') {
    await there(probes[Number(probe)]).dispose();
  },
  /** Loads an enclave of streams from files that this user can read. @returns the port on which it echoes */
  async listen(image = '', signature = '') {
    const [imageBytes, signatureBytes] = [image, signature].map((path) => new Uint8Array(readFileSync(path)));
    const files = { image: there(imageBytes), signature: there(signatureBytes) };
    const enclave = await loadStreams(there(launcher), files);
    listening.push(enclave);
    await enclave.call.serve({ listener: 'first', manner: 'echo' });
    return addressOf(enclave, 'first').port;
  },
  async hush() {
    for (const enclave of listening.splice(0)) await enclave.dispose();
  },
  echo: async (probe = '', value = '') => text(await there(probes[Number(probe)]).call.echo({ value: bytes(value) })),
  seal: async (probe = '', value = '') =>
    text(await there(probes[Number(probe)]).call.seal({ plaintext: bytes(value), policy, associatedData: undefined })),
  unseal: async (probe = '', blob = '') =>
    text(await there(probes[Number(probe)]).call.unseal({ blob: bytes(blob), policy, associatedData: undefined })),
  quote: async (probe = '', purpose = '', nonce = '') =>
    text(await there(probes[Number(probe)]).call.quote({ purpose, nonce: bytes(nonce), key: undefined })),
  /** The platform's protocol by hand. */
  peer: async (socket = '') => void (peer = await connectPeer(socket)),
  upload: async () => uploads.push(await there(peer).upload(signed.image)) - 1,
  addTo: (upload = '') =>
    there(peer).platform.add({ upload: there(uploads[Number(upload)]), chunk: signed.image.slice(0, 64) }),
  async initialize(upload = '', changed = '') {
    const signature = signed.signature.slice();
    if (changed !== '') signature[200] = (signature[200] ?? 0) ^ 1;
    const id = there(uploads[Number(upload)]);
    const { gatePath, enclave } = await there(peer).platform.initialize({
      upload: id,
      signature,
      debug: false,
      isolation: 'best',
    });
    return { gatePath, enclave: Number(enclave) };
  },
  terminate: (enclave = '') => there(peer).platform.terminate({ enclave: BigInt(enclave) }),
  /** A call by its number; those of enclaves have numbers too. */
  async callIndex(path = '', index = '', payloadBytes = '') {
    const stream = connect(path);
    await once(stream, 'connect');
    const serve = (): Promise<Uint8Array> => Promise.reject(new Error('Nothing is served.'));
    const endpoint = openChannel({ stream, initiator: true, protocol: hostChannel, serve });
    await endpoint.ready;
    const payload = new Uint8Array(Number(payloadBytes));
    return endpoint.invoke(0, Number(index), payload, { maxResultBytes: 65_536 }).finally(() => stream.destroy());
  },
  /** Attempts on the machine; what went well says so. */
  open: (path = '') =>
    new Promise((resolve, reject) => {
      const socket = connect(path, () => {
        socket.destroy();
        resolve('connected');
      });
      socket.once('error', reject);
    }),
  read: (path = '') => readFileSync(path).length,
  readAt(path = '', address = '') {
    const file = openSync(path, 'r');
    return readSync(file, Buffer.alloc(16), 0, 16, BigInt(address));
  },
  write: (path = '') => writeFileSync(path, 'changed'),
  rename: (from = '', to = '') => renameSync(from, to),
  remove: (path = '') => rmSync(path),
  signal: (processId = '', signal = '') => process.kill(Number(processId), signal),
  run(program = '', ...args) {
    const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8', env: {} });
    return { stdout, stderr, status };
  },
};

function codeOf(error: unknown): string {
  if (isEnclosError(error)) return error.code;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return String(error);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, what, args } = JSON.parse(line) as Order;
  const say = (answer: object): void =>
    void process.stdout.write(
      `${JSON.stringify({ id, ...answer }, (_key, value: unknown) => (value instanceof Uint8Array ? text(value) : value))}\n`,
    );
  Promise.resolve()
    .then(() => there(deeds[what])(...args.map(String)))
    .then((result) => say({ result: result ?? 'done' }))
    .catch((error: unknown) => say({ refused: codeOf(error) }));
});
