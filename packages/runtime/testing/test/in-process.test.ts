import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { utf8 } from '@enclos/codec';
import { defineInterface, func, string, uint32 } from '@enclos/edl';
import {
  ApplicationError,
  capabilities,
  createReport,
  defineEnclave,
  environmentVariable,
  identity,
  listen,
  log,
  quote,
  seal,
  targetInfo,
  unseal,
  verifyReport,
} from '@enclos/enclave';
import { createInProcessPlatform, type InProcessEnclave } from '../src/in-process/index.ts';

const platform = await createInProcessPlatform();
const own = platform.enclave();
const secret = utf8('the secret');
const bySigner = { policy: 'signer' } as const;
const byEnclave = { policy: 'enclave' } as const;

const sealed = (by: InProcessEnclave, options: typeof bySigner | typeof byEnclave = bySigner) =>
  by.run(() => seal(secret, options));

describe('sealing in the process of a test', () => {
  const outcomes: readonly (readonly [what: string, opener: InProcessEnclave, signer: string, enclave: string])[] = [
    ['the enclave itself', own, 'opened', 'opened'],
    ['a second load of it', platform.enclave(), 'opened', 'opened'],
    ['other code of the signer', platform.enclave({ code: 'other' }), 'opened', 'SEAL_NOT_OPENED'],
    ['a later version', platform.enclave({ securityVersion: 2 }), 'opened', 'SEAL_NOT_OPENED'],
    ['an earlier version', platform.enclave({ securityVersion: 0 }), 'SEAL_SVN_TOO_NEW', 'SEAL_SVN_TOO_NEW'],
    ['another product', platform.enclave({ productId: 2 }), 'SEAL_NOT_OPENED', 'SEAL_NOT_OPENED'],
    // The same image is the same MRENCLAVE under every signer.
    ['another signer', platform.enclave({ signer: 'other' }), 'SEAL_NOT_OPENED', 'opened'],
    ['a debug enclave', platform.enclave({ debug: true }), 'SEAL_NOT_OPENED', 'SEAL_NOT_OPENED'],
  ];
  for (const [what, opener, ...expected] of outcomes) {
    test(`${what}: ${expected.join(' by signer, by enclave ')}`, async () => {
      for (const [index, options] of [bySigner, byEnclave].entries()) {
        const blob = await sealed(own, options);
        const found = await opener
          .run(() => unseal(blob, options))
          .then(
            (bytes) => (Buffer.compare(bytes, secret) === 0 ? 'opened' : 'other bytes'),
            (error: { readonly code: string }) => error.code,
          );
        assert.equal(found, expected[index]);
      }
    });
  }

  test('another platform is another machine', async () => {
    const blob = await sealed(own);
    const elsewhere = (await createInProcessPlatform()).enclave();
    await assert.rejects(
      elsewhere.run(() => unseal(blob, bySigner)),
      { code: 'SEAL_NOT_OPENED' },
    );
  });
});

describe('reports in the process of a test', () => {
  const reportData = new Uint8Array(64).fill(7);

  test('are verified by their target, and by no other enclave', async () => {
    const [target, other] = [platform.enclave({ code: 'target' }), platform.enclave({ code: 'other' })];
    const info = await target.run(targetInfo);
    const report = await own.run(() => createReport(info, reportData));
    assert.deepEqual((await target.run(() => verifyReport(report, reportData))).mrEnclave, own.identity.mrEnclave);
    const refused = { code: 'REPORT_NOT_VERIFIED' };
    await assert.rejects(
      other.run(() => verifyReport(report, reportData)),
      refused,
    );
    await assert.rejects(
      target.run(() => verifyReport(report, new Uint8Array(64))),
      refused,
    );
    const changed = report.with(70, (report[70] ?? 0) ^ 1);
    await assert.rejects(
      target.run(() => verifyReport(changed, reportData)),
      refused,
    );
    const twin = (await createInProcessPlatform()).enclave({ code: 'target' });
    await assert.rejects(
      twin.run(() => verifyReport(report, reportData)),
      refused,
    );
  });

  test('of a debug enclave are not accepted by a production one', async () => {
    const debug = platform.enclave({ debug: true });
    const info = await own.run(targetInfo);
    const report = await debug.run(() => createReport(info, reportData));
    await assert.rejects(
      own.run(() => verifyReport(report, reportData)),
      { code: 'REPORT_NOT_VERIFIED' },
    );
  });

  test('each enclave is itself, also when the work of several runs at the same time', async () => {
    const enclaves = [1, 2, 3].map((securityVersion) => platform.enclave({ securityVersion }));
    const found = await Promise.all(
      enclaves.map((enclave) =>
        enclave.run(async () => {
          const before = await identity();
          await new Promise((resolve) => setImmediate(resolve));
          return [before.isvSvn, (await identity()).isvSvn];
        }),
      ),
    );
    assert.deepEqual(found, [
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });
});

describe('quotes in the process of a test', () => {
  const purpose = 'test v1';
  const nonce = new Uint8Array(32).fill(9);

  test('verify against the root of their platform, with the identity of their enclave', async () => {
    const quoting = await createInProcessPlatform({ quotes: true });
    assert.ok(quoting.endorsements !== undefined);
    const enclave = quoting.enclave({ productId: 5, securityVersion: 3 });
    const evidence = await enclave.run(() => quote({ purpose, nonce }));
    const now = new Date();
    const root = await softwareRoot(quoting.endorsements.rootCertificate);
    const collateral = parseCollateral(JSON.parse(quoting.endorsements.collateral));
    const verdict = await verifyQuote(evidence, collateral, { roots: [root], now });
    const policy = {
      mrEnclave: [Buffer.from(enclave.identity.mrEnclave).toString('hex')],
      productId: 5,
      minimumSecurityVersion: 3,
      acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
      acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
      intelRoot: false,
      softwareRoots: [root.fingerprint],
    } as const;
    const expected = { reportData: await boundReportData({ purpose, nonce }) };
    appraise(verdict, policy, expected, { now });
    // A policy that names no software root, or the root of another platform, accepts nothing of it.
    assert.throws(() => appraise(verdict, { ...policy, softwareRoots: [], intelRoot: true }, expected, { now }));
    const second = await createInProcessPlatform({ quotes: true });
    const other = await softwareRoot(second.endorsements?.rootCertificate ?? '');
    await assert.rejects(verifyQuote(evidence, collateral, { roots: [other], now }), { code: 'EVIDENCE_REFUSED' });
  });

  test('are refused with advice by a platform that does not quote', async () => {
    assert.equal(platform.endorsements, undefined);
    await assert.rejects(
      own.run(() => quote({ purpose, nonce })),
      {
        code: 'TEE_CAPABILITY_MISSING',
        message: /make it with createInProcessPlatform\(\{ quotes: true \}\)/,
      },
    );
  });
});

describe('code in the process of a test', () => {
  test('that is not run as that of an enclave is told so', async () => {
    await assert.rejects(async () => seal(secret, bySigner), { code: 'ENCLAVE_NOT_BOOTED' });
  });

  test('is told by its capabilities where it runs', () => {
    const { platform: name, boundary, hardware, remoteAttestation } = own.run(capabilities);
    assert.deepEqual([name, boundary, hardware, remoteAttestation], ['in-process', 'none', false, 'none']);
    assert.deepEqual(own.run(capabilities).streamTransports, ['relayed']);
  });

  test('gets the measured variables, and its lines reach the test as far as a host would read them', () => {
    const lines: (readonly [string, string])[] = [];
    const onLog = (level: string, text: string): void => void lines.push([level, text]);
    const enclave = platform.enclave({ environment: { MODE: 'fast' }, onLog });
    enclave.run(() => {
      log.info('public');
      log.debug('detail');
      assert.equal(environmentVariable('MODE'), 'fast');
      assert.throws(() => environmentVariable('HOME'), { code: 'ENCLAVE_VARIABLE_NOT_DECLARED' });
    });
    assert.deepEqual(lines, [['info', 'public']]);
    assert.notDeepEqual(enclave.identity.mrEnclave, own.identity.mrEnclave);
  });

  test('has no streams and no host', async () => {
    assert.throws(() => own.run(() => listen('clients')), { code: 'STREAM_NOT_DECLARED' });
  });
});

describe('an application in the process of a test', () => {
  const text = string({ maxBytes: 16 });
  const app = defineInterface({
    name: 'counter',
    trusted: { add: func({ by: uint32() }, uint32()), who: func({}, uint32()), fail: func({ how: text }) },
    untrusted: { allowed: func({ by: uint32() }, text) },
  });
  let count = 0;
  const application = defineEnclave(
    app,
    {
      async add({ by }, { host }) {
        if ((await host.allowed({ by })) !== 'yes') throw new ApplicationError('It is not allowed.');
        return (count += by);
      },
      async who() {
        return (await identity()).isvSvn;
      },
      fail({ how }) {
        throw new Error(how);
      },
    },
    { start: () => void (count = 100) },
  );

  test('is called through the gate and its codec, and asks its host', async () => {
    const asked: number[] = [];
    const untrusted = {
      allowed({ by }: { readonly by: number }) {
        asked.push(by);
        return by < 10 ? 'yes' : 'no';
      },
    };
    const enclave = await platform.enclave({ application, securityVersion: 6 }).start(app, { untrusted });
    const { call } = enclave;
    assert.equal(enclave.identity.securityVersion, 6);
    assert.deepEqual([await call.add({ by: 3 }), await call.add({ by: 4 })], [103, 107]);
    assert.equal(await call.who(), 6);
    await assert.rejects(call.add({ by: 10 }), { message: /It is not allowed/ });
    await assert.rejects(call.add({ by: 2 ** 33 }), { code: 'EDL_VALUE_REFUSED' });
    assert.deepEqual(asked, [3, 4, 10]);
    await enclave.dispose();
    await enclave.exited;
    await assert.rejects(call.who(), { code: 'ENCLAVE_LOST' });
  });

  test('keeps the text of its errors, as an enclave does, unless it is a debug one', async () => {
    const untrusted = { allowed: () => 'no' };
    const messageOf = async (debug: boolean): Promise<string> => {
      await using enclave = await platform.enclave({ application, debug }).start(app, { untrusted });
      // Awaited here: the enclave is disposed of when this function ends.
      return await enclave.call.fail({ how: 'a secret' }).then(String, String);
    };
    assert.doesNotMatch(await messageOf(false), /a secret/);
    assert.match(await messageOf(true), /a secret/);
  });

  test('cannot be started by an enclave that has none', async () => {
    await assert.rejects(own.start(app, { untrusted: { allowed: () => 'no' } }), { code: 'ENCLAVE_NO_APPLICATION' });
  });
});
