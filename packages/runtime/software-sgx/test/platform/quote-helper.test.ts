import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { connectQuoteHelper, connectSoftwarePlatform } from '@enclos/tee';
import { serveQuotes } from '../../src/platform/quote-helper.ts';
import type { PlatformServices } from '../../src/platform/services.ts';
import type { QuotingEnclave } from '../../src/quoting/quoting-enclave.ts';
import { temporaryFolder } from '../support.ts';

const target = new Uint8Array(512).fill(3);
const quotingEnclave: QuotingEnclave = {
  targetInfo: () => target,
  quote(report) {
    if (report[0] !== 1) throw new EnclosError('QUOTE_REPORT_REFUSED');
    return report.slice(0, 10);
  },
};
// The one part that it needs.
const services = { quotingEnclave } as PlatformServices;

async function helperOf(t: TestContext): Promise<string> {
  const path = join(temporaryFolder(), 'quote.sock');
  const helper = await serveQuotes(services, path);
  t.after(() => helper.close());
  return path;
}

describe('a quote helper', () => {
  test('says for whom a report has to be, and quotes it, for everybody', async (t) => {
    const path = await helperOf(t);
    assert.equal(statSync(path).mode & 0o777, 0o666);
    const helper = await connectQuoteHelper(path);
    t.after(() => helper.close());
    assert.deepEqual(await helper.targetInfo(), target);
    assert.deepEqual(await helper.quote(new Uint8Array(432).fill(1)), new Uint8Array(10).fill(1));
  });

  test('passes on why a report is refused, and lives on', async (t) => {
    const helper = await connectQuoteHelper(await helperOf(t));
    t.after(() => helper.close());
    await assert.rejects(helper.quote(new Uint8Array(432)), { code: 'QUOTE_REPORT_REFUSED' });
    await assert.rejects(helper.quote(new Uint8Array(431)), { code: 'EDL_VALUE_REFUSED' });
    assert.equal((await helper.quote(new Uint8Array(432).fill(1))).length, 10);
  });

  test('is not a platform: it launches nothing', async (t) => {
    await assert.rejects(connectSoftwarePlatform(await helperOf(t)), { code: 'TEE_PROTOCOL_MISMATCH' });
  });

  test('takes the place of one that was killed, and of none that lives', async () => {
    const path = join(temporaryFolder(), 'quote.sock');
    writeFileSync(path, '');
    await (await serveQuotes(services, path)).close();
    const living = createServer().listen(path);
    await assert.rejects(serveQuotes(services, path), { code: 'PLATFORM_SOCKET_REFUSED' });
    living.close();
  });

  test('is not there after its end', async () => {
    const path = join(temporaryFolder(), 'quote.sock');
    const helper = await serveQuotes(services, path);
    await helper.close();
    await assert.rejects(connectQuoteHelper(path), { code: 'TEE_PLATFORM_UNREACHABLE' });
  });
});
