import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { tlsKeyPair } from '@enclos/testkit';
import { maxCollateralBytes } from '../../src/collateral/source.ts';
import { sourceAt } from '../../src/collateral/source-at.ts';
import { temporaryFolder } from '../support.ts';

const root = 'ab'.repeat(32);
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** What is read from a server that answers so. */
async function readFrom(answer: RequestListener, path = '/collateral.json') {
  const port = await listening(createServer({ keepAlive: false }, answer));
  const url = `http://127.0.0.1:${port}${path}`;
  return { url, read: (await sourceAt({ url, authorityFile: undefined })).read(root) };
}

const refusal = async (read: Promise<unknown>): Promise<string> =>
  read.then(
    () => 'read',
    (error: { readonly code?: unknown; readonly message?: unknown }) =>
      `${String(error.code)}: ${String(error.message)}`,
  );

describe('collateral at an address', () => {
  test('is the text there; {root} in the address is the fingerprint of the root', async () => {
    let asked = '';
    const { read } = await readFrom((request, response) => {
      asked = request.url ?? '';
      response.end('{"a":1}');
    }, '/{root}/collateral.json?x=1');
    assert.deepEqual(
      (await read)?.map(({ text }) => text),
      ['{"a":1}'],
    );
    assert.equal(asked, `/${root}/collateral.json?x=1`);
  });

  test('that is too large is refused before it is read to the end', async () => {
    const { url, read } = await readFrom((_request, response) => {
      response.on('error', () => undefined);
      response.end(Buffer.alloc(maxCollateralBytes + 1, ' '));
    });
    assert.equal(
      await refusal(read),
      `AGENT_COLLATERAL_REFUSED: ${url} sent an answer that is not valid, or has more than 1048576 bytes.`,
    );
  });

  test('behind a redirect is not fetched', async () => {
    let requests = 0;
    const { url, read } = await readFrom((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const what = 'answered with a redirect (302), which the agent does not follow.';
    assert.equal(await refusal(read), `AGENT_COLLATERAL_UNREACHABLE: ${url} ${what}`);
    assert.equal(requests, 1);
  });

  test('that is not there, or on a server that is not there, is said so', async () => {
    const { url, read } = await readFrom((_request, response) => void response.writeHead(404).end());
    assert.equal(await refusal(read), `AGENT_COLLATERAL_UNREACHABLE: ${url} answered with status 404.`);
    const gone = createPlainServer();
    const port = await listening(gone);
    await new Promise((resolve) => gone.close(resolve));
    const nowhere = await sourceAt({ url: `http://127.0.0.1:${port}/c`, authorityFile: undefined });
    const message = `http://127.0.0.1:${port}/c: no program listens there.`;
    assert.equal(await refusal(nowhere.read(root)), `AGENT_COLLATERAL_UNREACHABLE: ${message}`);
  });

  test('of an https server is read under the authorities of --collateral-ca, and under no others', async () => {
    const { key, cert } = tlsKeyPair(selfSignedCertificate, 'localhost');
    const port = await listening(createSecureServer({ key, cert }, (_request, response) => void response.end('{}')));
    const url = `https://localhost:${port}/c`;
    const authorityFile = join(temporaryFolder(), 'ca.pem');
    writeFileSync(authorityFile, cert);
    assert.deepEqual(await (await sourceAt({ url, authorityFile })).read(root), [{ name: url, text: '{}' }]);
    const message = `${url}: its certificate is not issued by an accepted authority.`;
    const unpinned = await sourceAt({ url, authorityFile: undefined });
    assert.equal(await refusal(unpinned.read(root)), `AGENT_COLLATERAL_UNREACHABLE: ${message}`);
    const absent = sourceAt({ url, authorityFile: `${authorityFile}.absent` });
    assert.equal(
      await refusal(absent),
      `AGENT_COLLATERAL_UNREACHABLE: ${authorityFile}.absent cannot be read: there is no such file.`,
    );
  });
});
