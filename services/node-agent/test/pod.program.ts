import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { defineInterface } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { loadEnclave, superviseEnclave, type Enclave } from '@enclos/host';
import {
  connectQuoteHelper,
  connectSoftwarePlatform,
  hostChannel,
  openChannel,
  type SoftwareLauncher,
} from '@enclos/tee';
import { loadSgxEnclave, type SgxEnclave, type UntypedEcalls } from '@enclos/sgx-host';
import { shouter } from './companion/shouter.edl.ts';
import { device } from './enclave/device.edl.ts';

/**
 * The host program of a pod: `pod.program.js USER IMAGE SIGNATURE`. It starts as root, since only root may be able to
 * read this file, and becomes its user before anything else. It takes orders as lines of JSON.
 */
const [, , user = '', imagePath = '', signaturePath = ''] = process.argv;
const signed = {
  image: new Uint8Array(readFileSync(imagePath)),
  signature: new Uint8Array(readFileSync(signaturePath)),
};
process.setgroups?.([]);
process.setgid?.(Number(user));
process.setuid?.(Number(user));

type Device = Enclave<(typeof device)['trusted']>;
let launcher: SoftwareLauncher | undefined;
let enclave: Device | undefined;
let withCompanion: Enclave<(typeof shouter)['trusted']> | undefined;
let foreign: SgxEnclave<UntypedEcalls> | undefined;
const listening = { listen: { echo: { port: 0 } } };

const there = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('Not there yet.');
  return value;
};
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const text = (value: Uint8Array): string => Buffer.from(value).toString('base64');

const deeds: Readonly<Record<string, (...args: readonly string[]) => unknown>> = {
  async connect() {
    launcher = await connectSoftwarePlatform(there(process.env['ENCLOS_PLATFORM']));
  },
  async load() {
    const isolation = 'best' as const;
    const host = { ...signed, ...listening, interface: device, isolation, untrusted: {} };
    enclave = await loadEnclave({ ...host, launcher: there(launcher) });
  },
  /** An enclave with a companion, whose files are in this folder. @returns its answer */
  async askCompanion(stem = '', value = '') {
    const [image, signature] = ['sgxs', 'sig'].map((form) => new Uint8Array(readFileSync(`${stem}.${form}`)));
    withCompanion ??= await loadEnclave({
      image: there(image),
      signature: there(signature),
      companionFiles: `${stem}.files`,
      interface: shouter,
      isolation: 'best',
      untrusted: {},
      launcher: there(launcher),
    });
    return withCompanion.call.ask({ text: value });
  },
  endCompanion: () => there(withCompanion).dispose(),
  /** A signed enclave of another SDK. @returns its MRENCLAVE */
  async loadSigned(image = '', edl = '') {
    const ocalls = { ocall_ask: ({ value }: { readonly value: number }) => value * 2 };
    foreign = await loadSgxEnclave({ image, edl, ocalls, launcher: there(launcher), isolation: 'best' });
    return Buffer.from(foreign.identity.mrEnclave).toString('hex');
  },
  ask: async (value = '') => there(foreign).ecalls['ecall_ask']?.({ value: Number(value) }),
  /** Never returns: its thread computes until it ends. */
  spin: async () => there(foreign).within({ timeoutMs: Infinity })['ecall_misbehave']?.({ kind: 0 }),
  /** A host SDK of another version: its protocol lacks a function of this one. */
  async otherVersion() {
    const { trusted, untrusted } = hostChannel;
    const { endorsements: _endorsements, ...fewer } = trusted;
    const protocol = defineInterface({ name: 'host_channel_0', trusted: fewer, untrusted });
    const stream = connect(there(process.env['ENCLOS_PLATFORM']));
    const serve = (): Uint8Array => new Uint8Array();
    await openChannel({ stream, initiator: true, protocol, serve }).ready;
  },
  /** The work of a Job, which may be done twice: it never ends by itself in its first enclave. */
  async job(value = '') {
    const path = there(process.env['ENCLOS_PLATFORM']);
    const reconnect = (): Promise<SoftwareLauncher> => connectSoftwarePlatform(path, { waitMs: 60_000 });
    const isolation = 'best' as const;
    const host = { ...signed, ...listening, interface: device, isolation, untrusted: {}, reconnect };
    const supervised = await superviseEnclave({ ...host, launcher: await reconnect() });
    let lostAt = 0;
    const done = await supervised.repeat(async (call, attempt) => {
      if (attempt === 1) await call.wait().finally(() => (lostAt = Date.now()));
      return text(await call.echo({ value: bytes(value) }));
    });
    const interruptedMs = Date.now() - lostAt;
    await supervised.dispose();
    return { done, interruptedMs };
  },
  describe: async () => (await there(launcher).describe()).separation,
  /** Whether the platform has this layer of isolation. */
  layer: async (name = '') =>
    (await there(launcher).describe()).layers.some((layer) => layer.name === name && layer.active),
  /** Where clients reach the enclave. */
  port: () => there(enclave).listeners['echo']?.port,
  root: async () => (await there(launcher).describe()).rootCertificate,
  endorsements: () => there(launcher).endorsements(),
  dispose: () => there(enclave).dispose(),
  echo: async (value = '') => text(await there(enclave).call.echo({ value: bytes(value) })),
  seal: async (value = '') => text(await there(enclave).call.seal({ plaintext: bytes(value) })),
  unseal: async (blob = '') => text(await there(enclave).call.unseal({ blob: bytes(blob) })),
  quote: async (purpose = '', nonce = '') => text(await there(enclave).call.quote({ purpose, nonce: bytes(nonce) })),
  async helperQuote(path = '', changed = '') {
    const helper = await connectQuoteHelper(path);
    try {
      const report = await there(enclave).call.report({ target: await helper.targetInfo() });
      if (changed !== '') report[320] = (report[320] ?? 0) ^ 1;
      return text(await helper.quote(report));
    } finally {
      helper.close();
    }
  },
  take: async (mebibytes = '') => there(enclave).call.take({ mebibytes: Number(mebibytes) }),
  wait: () => there(enclave).call.wait(),
  /** How many of so many connections are kept. */
  async flood(count = '') {
    const path = process.env['ENCLOS_PLATFORM'] ?? '';
    const sockets = Array.from({ length: Number(count) }, () =>
      connect(path)
        .on('error', () => undefined)
        .resume(),
    );
    await pause(3000);
    const kept = sockets.filter(({ destroyed }) => !destroyed).length;
    for (const socket of sockets) socket.destroy();
    await pause(200);
    return kept;
  },
  garbage: () =>
    new Promise((resolve) => {
      const socket = connect(process.env['ENCLOS_PLATFORM'] ?? '');
      socket.on('error', () => undefined).on('close', () => resolve('cut off'));
      socket.resume().write(randomBytes(4096));
    }),
  /** Attempts on the machine; what went well says so. */
  processes: () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length,
  list: (path = '') => readdirSync(path).sort().join(' '),
  open: (path = '') =>
    new Promise((resolve, reject) => {
      const socket = connect(path, () => {
        socket.destroy();
        resolve('connected');
      });
      socket.once('error', reject);
    }),
  write: (path = '') => writeFileSync(path, 'changed'),
  rename: (from = '', to = '') => renameSync(from, to),
  remove: (path = '') => rmSync(path),
};

function codeOf(error: unknown): string {
  if (isEnclosError(error)) return error.code;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return String(error);
}

const orders = createInterface({ input: process.stdin });
orders.on('close', () => process.exit());
orders.on('line', (line) => {
  const { id, what, args } = JSON.parse(line) as { id: number; what: string; args: string[] };
  const say = (answer: object): void => void process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
  Promise.resolve()
    .then(() => there(deeds[what])(...args))
    .then((result) => say({ result: result ?? 'done' }))
    .catch((error: unknown) => say({ refused: codeOf(error), at: Date.now() }));
});
