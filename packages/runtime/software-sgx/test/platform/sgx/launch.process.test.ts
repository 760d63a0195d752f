import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { concatBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { KeyName, KeyPolicy, mrSignerOf, parseQuoteV3, parseReport, parseSigstruct } from '@enclos/sgx';
import { measureImage, sha256 } from '@enclos/sgx/node';
import {
  encodePlatformRequest,
  LeafStatus,
  parseBootGo,
  PlatformLeaf,
  type PlatformRequest,
} from '@enclos/sgx-stub/wire';
import { sealRequest } from '../../support.ts';
import { askLine, rawLine } from './played-stub.ts';
import {
  createSgxLab,
  exampleRequest,
  exampleStream,
  largeStream,
  lineOf,
  piecesOf,
  signatureOf,
  type SgxLab,
} from './sgx-lab.ts';

describe('an SGX image is launched', () => {
  let lab: SgxLab;
  before(async () => {
    lab = await createSgxLab();
  });
  after(() => lab.close());

  test('with the pages that were measured, and starts only then', async () => {
    const launched = await lab.launch();
    const stream = exampleStream();
    assert.deepEqual(launched.identity.mrEnclave, measureImage(stream, { profile: 'any' }));
    const hellos = await Promise.all(launched.gates.map(lineOf));
    assert.deepEqual(
      hellos.map((hello) => (hello as { thread: number }).thread),
      [0, 1],
    );
    const { go, stream: seen } = hellos[0] as { go: string; stream: string };
    assert.equal(seen, toHex(sha256(stream)));
    assert.deepEqual(
      { ...parseBootGo(Buffer.from(go, 'hex')) },
      {
        fastExit: false,
        exceptionInformation: false,
        threads: 2,
        stackBytes: 65_536n,
        arenaBytes: 1n << 20n,
        attributeFlags: 5n,
        xfrm: 3n,
      },
    );
    await launched.terminate();
    assert.equal((await launched.exited).signal, 'SIGKILL');
  });

  test('of many pieces, whose memory the platform uses again: the process has what was measured', async () => {
    const { stream, enclaveBytes } = largeStream();
    for (let i = 0; i < 2; i += 1) {
      const launched = await lab.launch({
        stream: piecesOf(stream, 2 ** 20 - 320),
        enclaveBytes,
        signature: signatureOf(stream),
      });
      const [gate] = launched.gates;
      assert.ok(gate !== undefined);
      assert.equal(((await lineOf(gate)) as { stream: string }).stream, toHex(sha256(stream)));
      await launched.terminate();
    }
  });
});

/** The answer to a raw request: status, and the body in hex. */
async function ask(
  gate: Duplex,
  request: PlatformRequest,
): Promise<{ readonly status: number; readonly body: string }> {
  gate.write(askLine(request));
  const bytes = Buffer.from(String(await lineOf(gate)), 'hex');
  assert.equal(bytes.readUInt32LE(4), bytes.length - 8);
  return { status: bytes.readUInt32LE(0), body: bytes.toString('hex', 8) };
}

describe('an SGX image asks its platform', () => {
  let lab: SgxLab;
  before(async () => {
    lab = await createSgxLab();
  });
  after(() => lab.close());

  const started = async (changes: Parameters<SgxLab['launch']>[0] = {}) => {
    const launched = await lab.launch(changes);
    const [gate] = launched.gates;
    assert.ok(gate !== undefined);
    await lineOf(gate);
    return { launched, gate };
  };
  const report = (targetInfo: Uint8Array): PlatformRequest => ({
    leaf: PlatformLeaf.EREPORT,
    targetInfo,
    reportData: new Uint8Array(64).fill(9),
  });
  const key = (changes: Parameters<typeof sealRequest>[0] = {}): PlatformRequest => ({
    leaf: PlatformLeaf.EGETKEY,
    keyRequest: sealRequest({ isvSvn: 1, cpuSvn: lab.services.cpuSvn, ...changes }),
  });

  test('for a report, which the quoting enclave quotes for any host', async () => {
    const { launched, gate } = await started();
    const { status, body } = await ask(gate, report(await lab.launcher.quotingTarget()));
    assert.equal(status, 0);
    const made = parseReport(Buffer.from(body, 'hex'));
    assert.deepEqual(made.body.mrEnclave, launched.identity.mrEnclave);
    const quote = parseQuoteV3(await lab.launcher.quote(Buffer.from(body, 'hex')));
    assert.deepEqual(quote.reportBody.mrEnclave, launched.identity.mrEnclave);
    await assert.rejects(lab.launcher.quote(new Uint8Array(432)), { code: 'QUOTE_REPORT_REFUSED' });
    await launched.terminate();
  });

  test('for a key, which another mode does not get', async () => {
    const [production, again, debug] = [
      await started(),
      await started(),
      await started({ attributes: { flags: 6n, xfrm: 3n } }),
    ];
    const keys = await Promise.all([production, again, debug].map(({ gate }) => ask(gate, key())));
    assert.deepEqual(
      keys.map(({ status, body }) => [status, body.length]),
      [
        [0, 32],
        [0, 32],
        [0, 32],
      ],
    );
    assert.equal(keys[0]?.body, keys[1]?.body);
    assert.notEqual(keys[0]?.body, keys[2]?.body);
    await Promise.all([production, again, debug].map(({ launched }) => launched.terminate()));
  });

  test('for what it may not have, and gets the codes of the processor', async () => {
    const { launched, gate } = await started();
    const newer = lab.services.cpuSvn.with(0, 200);
    const cases: readonly [number, PlatformRequest][] = [
      [LeafStatus.INVALID_ATTRIBUTE, key({ keyName: KeyName.PROVISION })],
      [LeafStatus.INVALID_ATTRIBUTE, key({ keyName: KeyName.EINITTOKEN })],
      [LeafStatus.INVALID_CPUSVN, key({ cpuSvn: newer })],
      [LeafStatus.INVALID_ISVSVN, key({ isvSvn: 2 })],
      [LeafStatus.INVALID_ISVSVN, key({ configSvn: 1 })],
      [LeafStatus.INVALID_KEYNAME, key({ keyName: 9 })],
      [LeafStatus.FAULT, key({ keyPolicy: KeyPolicy.CONFIGID })],
      [LeafStatus.FAULT, { leaf: PlatformLeaf.EGETKEY, keyRequest: sealRequest().with(511, 1) }],
      [LeafStatus.FAULT, report(new Uint8Array(512).with(511, 1))],
    ];
    for (const [status, request] of cases) assert.deepEqual(await ask(gate, request), { status, body: '' });
    await launched.terminate();
  });

  test('by KSS with its configuration', async () => {
    const configId = new Uint8Array(64).fill(3);
    const kss = { flags: 0x84n, xfrm: 3n };
    const signature = signatureOf(exampleStream(), { attributes: kss });
    const { launched, gate } = await started({ attributes: kss, signature, configId, configSvn: 4 });
    const { body } = await ask(gate, report(await lab.launcher.quotingTarget()));
    const made = parseReport(Buffer.from(body, 'hex')).body;
    assert.deepEqual([made.configId, made.configSvn], [configId, 4]);
    await launched.terminate();
  });

  const violations: readonly [string, Uint8Array][] = [
    ['of an unknown kind', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0)],
    ['of another length', Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0)],
    ['longer than any', Uint8Array.of(1, 0, 0, 0, 255, 255, 255, 255)],
    [
      'and another before the answer',
      concatBytes(...[1, 2].map(() => encodePlatformRequest(report(new Uint8Array(512))))),
    ],
  ];
  for (const [what, bytes] of violations) {
    test(`with a request ${what}, and is ended`, async () => {
      const { launched, gate } = await started();
      gate.on('error', () => undefined).resume();
      gate.write(rawLine(bytes));
      assert.equal((await launched.exited).signal, 'SIGKILL');
    });
  }
});

test('the processes of SGX images have their descriptors and nothing else of the platform', async () => {
  const lab = await createSgxLab();
  const launched = await lab.launcher.launchSgx(exampleRequest({}, 5));
  const [gate] = launched.gates;
  assert.ok(gate !== undefined);
  await lineOf(gate);
  gate.write('open\n');
  // 5 is the channel of its boot, which a real stub has closed.
  assert.deepEqual(await lineOf(gate), [3, 4, 5, 9, 10, 11, 12]);
  gate.write('env\n');
  assert.deepEqual(await lineOf(gate), [{}, 2]);
  await launched.terminate();
  await lab.close();
});

test('PROVISIONKEY is for the signers that the operator names', async () => {
  const attributes = { flags: 0x14n, xfrm: 3n };
  const signature = signatureOf(exampleStream(), { attributes });
  const mrSigner = mrSignerOf(parseSigstruct(signature).modulus, sha256);
  for (const [signers, works] of [
    [[mrSigner], true],
    [[mrSigner.with(0, 1)], false],
  ] as const) {
    const lab = await createSgxLab({ platform: { provisionSigners: signers } });
    const launched = lab.launch({ attributes, signature });
    if (works) await (await launched).terminate();
    else await assert.rejects(launched, { code: 'LAUNCH_ATTRIBUTES_REFUSED' });
    await lab.close();
  }
});

test('the end of the platform ends a process at each step of a launch', async () => {
  const lab = await createSgxLab();
  const launched = await lab.launch();
  await lab.close();
  assert.match((await launched.exited).detail, /gone/);
});

test('a process that ends before it is ready says why to the host', async () => {
  const lab = await createSgxLab({ misbehaviour: 'dies-early' });
  await assert.rejects(lab.launch(), (error) => {
    assert.ok(isEnclosError(error, 'LAUNCH_PROCESS_ENDED'));
    assert.match(error.message, /no memory/);
    return true;
  });
  await lab.close();
});

test('a process that refuses its pages says why to the host, during the launch or after it', async () => {
  const lab = await createSgxLab({ misbehaviour: 'refuses' });
  const detail = await lab.launch().then(
    async ({ exited }) => (await exited).detail,
    (error: unknown) => String(error),
  );
  assert.match(detail, /refused the pages/);
  await lab.close();
});

test('the ends of an enclave are said in words', async () => {
  const lab = await createSgxLab();
  for (const [line, detail] of [
    ['exit 71', /closed a gate/],
    ['kill SIGSYS', /system call/],
    ['exit 0', /ended with code 0\. Code in the enclave can choose this number\.$/],
  ] as const) {
    const launched = await lab.launch();
    const [gate] = launched.gates;
    assert.ok(gate !== undefined);
    await lineOf(gate);
    gate.write(`${line}\n`);
    assert.match((await launched.exited).detail, detail);
  }
  await lab.close();
});

test('a byte of the copy of the stub that changes keeps images from starting', async () => {
  const lab = await createSgxLab();
  const { execution } = lab.services.sgx;
  assert.ok('program' in execution);
  const { path } = execution.program;
  chmodSync(path, 0o700);
  writeFileSync(path, `${readFileSync(path, 'utf8')} `);
  await assert.rejects(lab.launch(), { code: 'SGX_STUB_MISMATCH' });
  await lab.close();
});
