import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { fromBase64url, toBase64url } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { loadEnclave, type Enclave } from '@enclos/host';
import type { SoftwareLauncher } from '@enclos/tee';
import { Hono } from 'hono';
import { vault } from './vault.edl.ts';

export interface VaultHostOptions {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly launcher: SoftwareLauncher;
  /** Where the sealed blobs are kept. */
  readonly storage: string;
  readonly onLog?: ((level: number, text: string) => void) | undefined;
}

export type VaultEnclave = Enclave<(typeof vault)['trusted']>;

/** Loads the vault and gives it storage. The host sees sealed blobs and ciphertext, nothing else. */
export async function loadVault(options: VaultHostOptions): Promise<VaultEnclave> {
  await mkdir(options.storage, { recursive: true });
  const fileOf = (name: string): string => join(options.storage, `${Buffer.from(name).toString('hex')}.sealed`);
  return loadEnclave({
    image: options.image,
    signature: options.signature,
    interface: vault,
    launcher: options.launcher,
    isolation: 'best',
    onLog: options.onLog,
    untrusted: {
      store: ({ name, sealed }) => writeAtomically(fileOf(name), sealed),
      load: ({ name }) => readFile(fileOf(name)).then((blob) => new Uint8Array(blob), absent),
      async list() {
        const files = await readdir(options.storage);
        return files
          .filter((file) => file.endsWith('.sealed'))
          .map((file) => Buffer.from(file.slice(0, -7), 'hex').toString());
      },
    },
  });
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

async function writeAtomically(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.${Date.now()}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

export interface VaultServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the vault over HTTP. Plain HTTP on purpose: nothing secret is readable on this connection. */
export async function serveVault(enclave: VaultEnclave, launcher: SoftwareLauncher): Promise<VaultServer> {
  const app = new Hono();
  app.get('/evidence', async (c) => {
    const { publicKey, quote } = await enclave.call.evidence({ nonce: fromBase64url(c.req.query('nonce') ?? '') });
    return c.json({ publicKey: toBase64url(publicKey), quote: toBase64url(quote) });
  });
  app.get('/endorsements', async (c) =>
    c.body(await launcher.endorsements(), 200, { 'content-type': 'application/json' }),
  );
  app.get('/secrets', async (c) => c.json(await enclave.call.names()));
  app.put('/secrets/:name', async (c) => {
    await enclave.call.put({ name: c.req.param('name'), upload: readMessage(await c.req.json()) });
    return c.json({});
  });
  app.get('/secrets/:name', async (c) => {
    const { encapsulatedKey, ciphertext } = await enclave.call.release({
      name: c.req.param('name'),
      reader: fromBase64url(c.req.query('reader') ?? ''),
    });
    return c.json({ encapsulatedKey: toBase64url(encapsulatedKey), ciphertext: toBase64url(ciphertext) });
  });
  app.onError((error, c) => {
    const known = isEnclosError(error);
    const body = known
      ? { code: error.code, message: error.message }
      : { code: 'HOST_CALL_FAILED', message: 'The host failed.' };
    return c.json(body, known && error.kind === 'lost' ? 503 : 400);
  });
  return listen(app);
}

function readMessage(body: unknown): { encapsulatedKey: Uint8Array; ciphertext: Uint8Array } {
  const field = (name: string): Uint8Array => {
    const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
    return fromBase64url(typeof value === 'string' ? value : '');
  };
  return { encapsulatedKey: field('encapsulatedKey'), ciphertext: field('ciphertext') };
}

function listen(app: Hono): Promise<VaultServer> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve({
        url: `http://127.0.0.1:${port}`,
        close: () => new Promise<void>((done) => server.close(() => done())),
      }),
    );
  });
}
