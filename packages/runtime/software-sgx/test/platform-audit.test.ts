import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import { encodeKeyRequest, KeyName, KeyPolicy } from '@enclos/sgx';
import { openPlatformAudit, type PlatformAudit } from '../src/platform-audit.ts';
import { auditFiles, openAppendFile, verifyAudit } from '@enclos/tee/audit';
import { auditEventsOf, createAuditDisk, newAuditLog, type AuditDisk } from '@enclos/testkit';
import { now } from './support.ts';

const refused = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);

const identity = {
  mrEnclave: new Uint8Array(32).fill(1),
  mrSigner: new Uint8Array(32).fill(2),
  productId: 3,
  securityVersion: 4,
  debug: false,
};
const launch = {
  image: { streamBytes: 10 },
  signature: new Uint8Array(1808),
  debug: false,
  isolation: 'best',
} as const;
const exit = { exitCode: 1, signal: undefined, detail: 'The enclave ended with code 1.\noutput of a debug enclave' };
const secret = new Uint8Array(16).fill(0x5e);

const handlers = {
  report: () => new Uint8Array(432),
  key: () => secret,
  quotingTarget: () => new Uint8Array(512),
  quote: (): Uint8Array => {
    throw new EnclosError('QUOTE_REPORT_REFUSED');
  },
};

const keyRequest = encodeKeyRequest({
  keyName: KeyName.SEAL,
  keyPolicy: KeyPolicy.MRENCLAVE | KeyPolicy.MRSIGNER,
  isvSvn: 0,
  cpuSvn: new Uint8Array(16),
  attributeMask: { flags: 0n, xfrm: 0n },
  keyId: new Uint8Array(32).fill(7),
  miscMask: 0,
  configSvn: 0,
});

async function withAudit(
  use: (audit: PlatformAudit, path: string, disk: AuditDisk) => Promise<void>,
): Promise<readonly Record<string, unknown>[]> {
  const path = newAuditLog();
  const disk = createAuditDisk(openAppendFile);
  const audit = await openPlatformAudit(path, { now: () => now, openFile: disk.open });
  await use(audit, path, disk);
  await audit.close();
  await verifyAudit(path);
  return auditEventsOf(await auditFiles(path));
}

const without = (record: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !['seq', 'time', 'prev'].includes(name)));

describe('the audit log of a platform', () => {
  test('holds the life of an enclave, and what it asked for', async () => {
    const events = await withAudit(async (audit) => {
      await audit.started({ separation: 'single-user' });
      const host = audit.host();
      const enclave = host.enclave();
      await enclave.launched(launch, identity);
      const calls = enclave.calls(handlers);
      await calls.report({ targetInfo: new Uint8Array(512), reportData: new Uint8Array(64) }, undefined);
      assert.equal(await calls.key({ request: keyRequest }, undefined), secret);
      await calls.quotingTarget({}, undefined);
      await assert.rejects(
        Promise.resolve(calls.quote({ report: new Uint8Array(432) }, undefined)),
        refused('QUOTE_REPORT_REFUSED'),
      );
      enclave.terminated();
      enclave.exited(exit);
      host.disconnected();
    });
    assert.deepEqual(events.map(without), [
      { event: 'platform-started', processId: process.pid, separation: 'single-user' },
      { event: 'host-connected', host: 1 },
      {
        event: 'enclave-launched',
        enclave: '1.1',
        mrEnclave: '01'.repeat(32),
        mrSigner: '02'.repeat(32),
        productId: 3,
        securityVersion: 4,
        debug: false,
        isolation: 'best',
        code: 'OK',
      },
      { event: 'ereport', enclave: '1.1', code: 'OK' },
      { event: 'egetkey', keyName: 'SEAL', keyPolicy: 'MRENCLAVE|MRSIGNER', enclave: '1.1', code: 'OK' },
      { event: 'quote', enclave: '1.1', code: 'QUOTE_REPORT_REFUSED' },
      { event: 'enclave-terminated', enclave: '1.1' },
      { event: 'enclave-exited', enclave: '1.1', exitCode: 1, reason: 'The enclave ended with code 1.' },
      { event: 'host-disconnected', host: 1 },
      { event: 'platform-stopped', running: 0 },
    ]);
  });

  test('tells of an inspector, which reads the whole enclave', async () => {
    const events = await withAudit(async (audit) => {
      const enclave = audit.host().enclave();
      await enclave.launched({ ...launch, debug: true, inspector: true }, { ...identity, debug: true });
      enclave.refused({ ...launch, inspector: true }, new EnclosError('LAUNCH_INSPECTOR_REFUSED'));
    });
    const told = events.filter(({ event }) => event === 'enclave-launched' || event === 'launch-refused');
    assert.deepEqual(
      told.map((each) => [each['inspector'], each['code']]),
      [
        [true, 'OK'],
        [true, 'LAUNCH_INSPECTOR_REFUSED'],
      ],
    );
  });

  test('tells of the enclaves to which sockets are passed', async () => {
    const events = await withAudit(async (audit) => {
      const host = audit.host();
      for (const passed of [true, false]) await host.enclave().launched({ ...launch, passed }, identity);
    });
    const launched = events.filter(({ event }) => event === 'enclave-launched');
    assert.deepEqual(
      launched.map(({ streams }) => streams),
      ['passed', undefined],
    );
  });

  test('holds no key, and nothing that an enclave wrote', async () => {
    const events = await withAudit(async (audit) => {
      const enclave = audit.host().enclave();
      await enclave.launched(launch, identity);
      await enclave.calls(handlers).key({ request: keyRequest }, undefined);
      enclave.exited(exit);
    });
    const text = JSON.stringify(events);
    for (const hidden of ['5e'.repeat(16), '07'.repeat(32), 'output of a debug']) assert.ok(!text.includes(hidden));
  });

  test('names the key and the policy of any request, whatever is in it', async () => {
    const events = await withAudit(async (audit) => {
      const { key } = audit.host().enclave().calls(handlers);
      for (const bytes of [
        [4, 0, 0, 0],
        [0x34, 0x12, 0x01, 0x80],
      ]) {
        const request = new Uint8Array(512);
        request.set(bytes);
        await key({ request }, undefined);
      }
    });
    assert.deepEqual(
      events.filter(({ event }) => event === 'egetkey').map(({ keyName, keyPolicy }) => [keyName, keyPolicy]),
      [
        ['SEAL', ''],
        ['4660', 'MRENCLAVE|0x8000'],
      ],
    );
  });

  test('says of a refused launch what its signature claims, as a claim', async () => {
    const events = await withAudit((audit) => {
      audit.host().enclave().refused(launch, new EnclosError('SIGSTRUCT_SIGNATURE'));
      return Promise.resolve();
    });
    assert.deepEqual(without(events[1] ?? {}), {
      event: 'launch-refused',
      host: 1,
      code: 'SIGSTRUCT_SIGNATURE',
      claimedMrEnclave: 'unreadable',
      debug: false,
      isolation: 'best',
      imageBytes: 10,
    });
  });

  test('holds the requests of a host that are refused, but for launches, which have a record of their own', async () => {
    const events = await withAudit(async (audit) => {
      const serve = audit
        .host()
        .requests(['describe', 'initialize'], () => Promise.reject(new EnclosError('PLATFORM_BUSY')));
      for (const index of [0, 1, 7]) await assert.rejects(serve(index), refused('PLATFORM_BUSY'));
    });
    assert.deepEqual(
      events.filter(({ event }) => event === 'request-refused').map(({ request, code }) => [request, code]),
      [
        ['describe', 'PLATFORM_BUSY'],
        ['unknown', 'PLATFORM_BUSY'],
      ],
    );
  });

  test('that is full: no launch, no key, no report, no quote; and what ended is told later', async () => {
    const events = await withAudit(async (audit, _, disk) => {
      const failed = refused('PLATFORM_AUDIT_FAILED');
      const host = audit.host();
      const enclave = host.enclave();
      await enclave.launched(launch, identity);
      disk.full = true;
      await assert.rejects(host.enclave().launched(launch, identity), failed);
      const calls = enclave.calls(handlers);
      await assert.rejects(Promise.resolve(calls.key({ request: keyRequest }, undefined)), failed);
      await assert.rejects(Promise.resolve(calls.quote({ report: new Uint8Array(432) }, undefined)), failed);
      enclave.exited(exit);
      disk.full = false;
    });
    assert.deepEqual(
      events.map(({ event }) => event),
      ['host-connected', 'enclave-launched', 'enclave-exited', 'platform-stopped'],
    );
  });

  test('knows a host by its user or by its folder, and a quote helper by neither', async () => {
    const events = await withAudit(async (audit) => {
      audit.host({ user: 60_000 });
      audit.host({ user: undefined, folder: '/run/enclos/devices/0/00000001' });
      const quote = audit.helperQuotes(({ report }) => {
        if (report.length === 0) throw new EnclosError('QUOTE_REPORT_REFUSED');
        return secret;
      });
      assert.equal(await quote({ report: new Uint8Array(432) }), secret);
      await assert.rejects(async () => quote({ report: new Uint8Array() }), { code: 'QUOTE_REPORT_REFUSED' });
    });
    assert.deepEqual(events.slice(0, -1).map(without), [
      { event: 'host-connected', host: 1, user: 60_000 },
      { event: 'host-connected', host: 2, folder: '/run/enclos/devices/0/00000001' },
      { event: 'helper-quote', code: 'OK' },
      { event: 'helper-quote', code: 'QUOTE_REPORT_REFUSED' },
    ]);
    assert.ok(!JSON.stringify(events).includes('5e'.repeat(16)));
  });

  test('waits at its end for enclaves that are ending', async () => {
    const events = await withAudit(async (audit) => {
      const enclave = audit.host().enclave();
      await enclave.launched(launch, identity);
      setImmediate(() => enclave.exited(exit));
    });
    assert.deepEqual(
      events.slice(-2).map(({ event, running }) => [event, running]),
      [
        ['enclave-exited', undefined],
        ['platform-stopped', 0],
      ],
    );
  });
});
