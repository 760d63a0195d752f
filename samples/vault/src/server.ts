import { serve } from '@hono/node-server';
import { fromBase64url, toBase64url } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { SoftwareLauncher } from '@enclos/tee';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { VaultEnclave } from './host.ts';
import { bytesField, readEncrypted, writeEncrypted } from './http.ts';

export interface VaultServer {
  readonly url: string;
  close(): Promise<void>;
}

/** An upload of the largest secret is 88 KiB of JSON. */
const maxBodyBytes = 256 * 1024;
const bodyTooLarge = { code: 'BODY_TOO_LARGE', message: `A body has at most ${maxBodyBytes} bytes.` };
/** Nonces, challenges and public keys. */
const maxQueryBytes = 65;

/** Serves the vault over HTTP. Plain HTTP on purpose: no secret is readable on this connection. */
export async function serveVault(
  enclave: Pick<VaultEnclave, 'call'>,
  launcher: Pick<SoftwareLauncher, 'endorsements'>,
): Promise<VaultServer> {
  const app = new Hono();
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      // The rest of the body is not read, so that the connection has no next request.
      onError: (c) => c.json(bodyTooLarge, 413, { connection: 'close' }),
    }),
  );
  addEvidence(app, enclave, launcher);
  addSecrets(app, enclave);
  app.onError((error, c) => {
    const known = isEnclosError(error);
    const body = known
      ? { code: error.code, message: error.message }
      : { code: 'HOST_CALL_FAILED', message: 'The host failed.' };
    return c.json(body, known && error.kind === 'lost' ? 503 : 400);
  });
  return listen(app);
}

function addEvidence(
  app: Hono,
  { call }: Pick<VaultEnclave, 'call'>,
  launcher: Pick<SoftwareLauncher, 'endorsements'>,
): void {
  app.get('/evidence', async (c) => {
    const { publicKey, quote } = await call.evidence({ nonce: queryBytes(c.req.query('nonce')) });
    return c.json({ publicKey: toBase64url(publicKey), quote: toBase64url(quote) });
  });
  app.get('/endorsements', async (c) =>
    c.body(await launcher.endorsements(), 200, { 'content-type': 'application/json' }),
  );
}

function addSecrets(app: Hono, { call }: Pick<VaultEnclave, 'call'>): void {
  app.get('/secrets', async (c) => c.json(await call.names()));
  app.post('/secrets/:name', async (c) => {
    await call.put({ name: c.req.param('name'), upload: readEncrypted(await c.req.json()) });
    return c.json({});
  });
  app.put('/secrets/:name', async (c) => {
    const body: unknown = await c.req.json();
    await call.replace({
      name: c.req.param('name'),
      version: versionOf(body),
      upload: readEncrypted(body),
      signature: bytesField(body, 'signature'),
    });
    return c.json({});
  });
  app.get('/secrets/:name', async (c) => {
    const released = await call.release({
      name: c.req.param('name'),
      reader: queryBytes(c.req.query('reader')),
      challenge: queryBytes(c.req.query('challenge')),
    });
    return c.json(writeEncrypted(released));
  });
}

function queryBytes(value: string | undefined): Uint8Array {
  return fromBase64url(value ?? '', { maxBytes: maxQueryBytes });
}

/** The version in a body, or 0, which replaces nothing. The enclave checks the range. */
function versionOf(body: unknown): number {
  const version: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'version') : undefined;
  return typeof version === 'number' ? version : 0;
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
