import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { text as textOf } from 'node:stream/consumers';
import { signEnclave } from '@enclos/build';
import { utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { bytes, defineInterface, func, string } from '@enclos/edl';
import { loadEnclave, type Enclave } from '@enclos/host';
import { interfaceDigest, layOutImage, type EmbeddedFile, type ProgramManifest } from '@enclos/manifest';
import { signingKey } from '@enclos/process-kit';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { runFolder } from '@enclos/testkit';
import { buildModule } from '../build-probe.ts';
import { probeManifest } from '../probe-process.ts';

/** The sources of the program and of its client. */
const egoSources = fileURLToPath(new URL('../../../../test/go/ego/probe', import.meta.url));

const content = bytes({ maxBytes: 1 << 20 });

/** What the host of the test asks of a program of EGo: a function of EGo's packages, with its arguments. */
const ego = defineInterface({
  name: 'ego_probe',
  trusted: { run: func({ what: string({ minBytes: 1, maxBytes: 64 }), input: content, more: content }, content) },
  untrusted: {},
});

/** EGo's `attestation.Report`, in Go's JSON. */
export interface EgoReport {
  readonly Data: string;
  readonly SecurityVersion: number;
  readonly Debug: boolean;
  readonly UniqueID: string;
  readonly SignerID: string;
  readonly ProductID: string;
  readonly TCBStatus: number;
  readonly TCBAdvisories: readonly string[] | null;
}

interface EgoAnswer {
  readonly Value?: string;
  readonly Info?: string;
  readonly Report?: EgoReport;
  readonly Error?: string;
}

/** A program of EGo in an enclave. */
export interface EgoEnclave {
  readonly enclave: Enclave<(typeof ego)['trusted']>;
  /** The bytes that a function gives. */
  value(what: string, input?: Uint8Array, more?: Uint8Array): Promise<Uint8Array>;
  /** Report and error that a function gives, either of which may be absent. */
  answer(what: string, input?: Uint8Array, more?: Uint8Array): Promise<EgoAnswer>;
}

export interface EgoVariant {
  readonly changes?: Partial<ProgramManifest>;
  readonly signer?: 'first' | 'second';
  readonly files?: readonly EmbeddedFile[];
  readonly environment?: Readonly<Record<string, string>>;
}

const none: Uint8Array = new Uint8Array(0);

/** Builds the program, and its client, once in a run of the tests. */
export async function buildEgoPrograms(): Promise<{ readonly program: string; readonly client: string }> {
  const folder = runFolder('ego-probe');
  const { program } = await buildModule(egoSources, { folder: join(folder, 'server') });
  const client = await buildModule(egoSources, { folder: join(folder, 'client'), package: './client' });
  return { program, client: client.program };
}

export async function loadEgo(
  platform: EmbeddedPlatform,
  program: string,
  variant: EgoVariant = {},
): Promise<EgoEnclave> {
  const { changes, signer = 'first', files = [], environment } = variant;
  const manifest: ProgramManifest = {
    ...probeManifest,
    name: 'ego',
    productId: 11,
    securityVersion: 3,
    heapSizeBytes: 128n * 1024n * 1024n,
    interfaceDigest: interfaceDigest(ego),
    environment: [],
    listen: [
      { name: 'ego', port: 8443, transport: 'either' },
      { name: 'oe', port: 8444, transport: 'either' },
    ],
    connect: [],
    ...changes,
  };
  const image = layOutImage({ manifest, bundle: new Uint8Array(readFileSync(program)), files });
  const anyPort = { host: '127.0.0.1', port: 0 };
  const enclave = await loadEnclave({
    image,
    signature: signEnclave({ image, key: signingKey(signer), date: new Date('2026-06-01') }),
    interface: ego,
    untrusted: {},
    launcher: platform,
    listen: { ego: anyPort, oe: anyPort },
    environment,
  });
  const answer = async (what: string, input = none, more = none): Promise<EgoAnswer> =>
    // The program of the test wrote it.
    JSON.parse(decodeUtf8(await enclave.call.run({ what, input, more }))) as EgoAnswer;
  return {
    enclave,
    answer,
    async value(what, input, more) {
      const { Value, Error: error } = await answer(what, input, more);
      assert.equal(error, undefined, what);
      return bytesOf(Value ?? '');
    },
  };
}

/** Go writes bytes in base64. */
export const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

/** What the client, outside an enclave, finds: of a report or a token on its input, or of the server that its parameters name. */
export async function askClient(
  client: string,
  given: {
    readonly input?: Uint8Array;
    readonly parameters?: readonly string[];
    readonly environment?: NodeJS.ProcessEnv;
  },
): Promise<EgoAnswer> {
  const child = spawn(client, given.parameters ?? [], {
    env: given.environment ?? {},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(given.input ?? none);
  // The client of the test wrote it.
  return JSON.parse(await textOf(child.stdout)) as EgoAnswer;
}

/** A file of an image. */
export const embedded = (path: string, text: string): EmbeddedFile => ({ path, content: utf8(text) });
