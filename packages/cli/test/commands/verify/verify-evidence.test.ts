import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:tls';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { derOctetString, utf8 } from '@enclos/codec';
import {
  attestedForms,
  azureVersionExtension,
  issueCertificate,
  pem,
  pemChain,
  processKeys,
  refusalScenarios,
  statusScenarios,
} from '@enclos/evidence-kit';
import { enclos, errorOf, repository, temporaryFolder } from '../../cli.ts';
import {
  asReportData,
  certificateWith,
  claimsAbout,
  openEnclaveReport,
  serverKey,
  serverKeyInfo,
  sha256,
  taggedEvidence,
  wrappedMessage,
  writeKit,
} from '../../kit-evidence.ts';

const folder = temporaryFolder();

/** A policy that accepts what this quote claims. */
async function policyOf(quote: string): Promise<string> {
  const file = `${quote}.policy.json`;
  if (!existsSync(join(folder, file))) await enclos(['policy', 'init', quote, '--out', file], { cwd: folder });
  return file;
}

test('genuine evidence of every kind and status is found to be what it is', async () => {
  for (const { name, changes, expected } of statusScenarios) {
    const ran = await writeKit(folder, 'status', changes).verify(['--json']);
    const isInForce = (expected.expired ?? []).length + (expected.notYetValid ?? []).length === 0;
    assert.equal(ran.code, isInForce ? 0 : 5, name);
    const { status, platformStatus, moduleStatus, qeStatus, advisoryIds, tcbDate } = ran.json();
    const found = { status, platformStatus, moduleStatus, qeStatus, advisoryIds, tcbDate };
    const { expired: _, notYetValid: __, ...wanted } = expected;
    for (const [key, value] of Object.entries(found)) {
      assert.deepEqual(value, Reflect.get(wanted, key), `${name}: ${key}`);
    }
  }
});

test('evidence that is wrong in one thing is refused, with status, step and reason', async () => {
  for (const { name, changes } of refusalScenarios) {
    const ran = await writeKit(folder, 'refusal', changes).verify(['--json']);
    assert.equal(ran.code, 3, `${name}: ${ran.stdout}`);
    const { status, step, reason, steps, appraised } = ran.json();
    assert.ok(
      [status, step, reason].every((text) => typeof text === 'string' && text !== ''),
      name,
    );
    assert.ok(Array.isArray(steps) && appraised === false);
  }
});

/** Names and types of all members, in depth; of a list those of its first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shapeOf(item)]));
}

const step = { number: 'number', id: 'string', title: 'string', status: 'string' };
const age = { issued: 'string', ageDays: 'number' };

/** Programs rely on these: a member may be added, and none may go or change its type. */
test('the JSON of a verdict has the members that it is documented to have', async () => {
  const { verify } = writeKit(folder, 'shape', { platform: 'earliest' });
  const shape = shapeOf((await verify(['--json'])).json()) as Record<string, unknown>;
  const { verdict, ...rest } = shape;
  assert.deepEqual(rest, {
    status: 'string',
    tee: 'string',
    platformStatus: 'string',
    qeStatus: 'string',
    advisoryIds: ['string'],
    tcbDate: 'string',
    validity: { at: 'string', inForce: 'boolean', outOfForce: [] },
    steps: [step],
    collateral: {
      evaluationNumber: 'number',
      documents: { tcbInfo: age, qeIdentity: age, pckCrl: age, rootCrl: age },
    },
    advice: ['string'],
    foundIn: [],
    trailingBytes: 'number',
    notices: [],
    rootsNamed: 'boolean',
    appraised: 'boolean',
  });
  assert.deepEqual(Object.keys(verdict as object), [
    'tee',
    'quoteVersion',
    'bodyType',
    'mrEnclave',
    'mrSigner',
    'productId',
    'securityVersion',
    'debug',
    'reportData',
    'status',
    'platformStatus',
    'qeStatus',
    'tcbDate',
    'advisoryIds',
    'shortfall',
    'tcbEvaluationDataNumbers',
    'fmspc',
    'root',
    'collateral',
    'verifiedAt',
  ]);
});

test('the JSON of a refusal has status, step and reason, and the error', async () => {
  const { verify } = writeKit(folder, 'refused', { tcbInfo: (good) => ({ ...good, fmspc: '000000000000' }) });
  assert.deepEqual(shapeOf((await verify(['--json'])).json()), {
    error: { code: 'string', message: 'string', next: 'string', details: { step: 'string', status: 'string' } },
    status: 'string',
    step: 'string',
    reason: 'string',
    steps: [step],
    foundIn: [],
    trailingBytes: 'number',
    notices: [],
    rootsNamed: 'boolean',
    appraised: 'boolean',
  });
});

test('collateral that is malformed is refused before the first step', async () => {
  const { made, verify } = writeKit(folder, 'malformed');
  writeFileSync(join(folder, 'malformed.json'), JSON.stringify({ ...made.collateral, root_ca_crl: 'ff' }));
  const ran = await verify(['--json']);
  assert.equal(ran.code, 3);
  const { step: at, status, steps } = ran.json();
  assert.deepEqual([at, status], ['collateral', 'SGX_CRL_UNSUPPORTED_FORMAT']);
  assert.ok((steps as readonly { status: string }[]).every(({ status: each }) => each === 'not reached'));
});

test('a policy that refuses leaves the status as it is, and names the rule', async () => {
  const { verify } = writeKit(folder, 'policy', { platform: 'earliest' });
  const ran = await verify(['--policy', await policyOf('policy.bin'), '--unbound', 'a test', '--json']);
  assert.equal(ran.code, 4);
  const { status, step: at, rule } = ran.json();
  assert.deepEqual([status, at, rule], ['OUT_OF_DATE', 'appraisal', 'acceptedStatuses']);
});

describe('what to do', () => {
  const words = async (changes: Parameters<typeof writeKit>[2]): Promise<string> =>
    (await writeKit(folder, 'advice', changes).verify()).stdout;

  test('says which component is short, and by how much', async () => {
    const stdout = await words({ platform: 'earliest' });
    assert.match(
      stdout,
      /\n⚠ The software platform is of an older generation [^\n]*\n {4}SGX TCB component 1[^:]*: has 3, needs 5 \(2 short\)\n/,
    );
    assert.match(await words({ qe: 'earliest' }), /\n {4}quoting enclave: has 3, needs 5 \(2 short\)\n/);
    assert.match(await words({ pce: 'earliest' }), /\n {4}provisioning certification enclave: has 3, needs 5/);
  });

  test('asks for a relaunch when only that is missing', async () => {
    const stdout = await words({ kind: 'tdx-v5-td15', launch: { module: 'earliest' }, current: {} });
    assert.match(stdout, /\n {2}status +TD_RELAUNCH_ADVISED\n/);
    assert.match(
      stdout,
      /launch it anew\. Nothing else has to be updated\.\n {4}At launch, TDX module: has 3, needs 5/,
    );
  });

  test('says how old the collateral is, and of which evaluation', async () => {
    assert.match(
      await words({}),
      /\n {2}TCB info +issued [0-9T:Z-]+, \d+ days before, evaluation number \d+\n {2}PCK CRL +issued/,
    );
  });

  test('names what Intel calls a component', async () => {
    const stdout = await words({
      platform: 'earliest',
      tcbInfo: (good) => ({
        ...good,
        tcbLevels: good.tcbLevels.map(({ tcb, ...level }) => {
          const named = tcb.sgxtcbcomponents.map((each) => ({ ...each, category: 'BIOS', type: 'Early Microcode' }));
          return { ...level, tcb: { ...tcb, sgxtcbcomponents: named } };
        }),
      }),
    });
    assert.match(stdout, /SGX TCB component 1 \(BIOS, Early Microcode\): has 3, needs 5/);
  });
});

describe('--pck', () => {
  test('supplies the chain of a quote that carries none, whole or as its leaf alone', async () => {
    const { made, verify } = writeKit(folder, 'nochain', { certificationType: 1 });
    const { pck, intermediate, root } = made.certificates;
    const { pck_certificate_chain: _, ...collateral } = made.collateral;
    writeFileSync(join(folder, 'nochain.json'), JSON.stringify(collateral));
    writeFileSync(join(folder, 'chain.pem'), pemChain([pck, intermediate, root]));
    writeFileSync(join(folder, 'reversed.pem'), pemChain([root, intermediate, pck]));
    writeFileSync(join(folder, 'leaf.pem'), pem(pck));
    writeFileSync(join(folder, 'leaf.der'), pck);
    const without = await verify(['--json']);
    assert.deepEqual([without.code, without.json()['status']], [3, 'MISSING_PARAMETERS']);
    for (const file of ['chain.pem', 'reversed.pem', 'leaf.pem', 'leaf.der']) {
      const ran = await verify(['--pck', file, '--json']);
      assert.deepEqual([ran.code, ran.json()['status']], [0, 'OK'], file);
    }
  });

  test('does not replace the chain that a quote carries', async () => {
    const { verify } = writeKit(folder, 'chained');
    const other = writeKit(folder, 'stranger', { certificates: { pck: { signedBy: 'other' } } });
    writeFileSync(join(folder, 'stranger.pem'), pem(other.made.certificates.pck));
    assert.equal((await verify(['--pck', 'stranger.pem'])).code, 0);
  });

  test('is one PCK certificate', async () => {
    const { made, verify } = writeKit(folder, 'wrong', { certificationType: 1 });
    for (const [name, content] of [
      ['root.pem', made.root.certificate],
      ['text.pem', 'no certificate'],
      ['two.pem', pemChain([made.certificates.pck, made.certificates.pck])],
    ] as const) {
      writeFileSync(join(folder, name), content);
      const ran = await verify(['--pck', name, '--json']);
      assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_FILE_INVALID'], name);
    }
  });
});

describe('a certificate that carries evidence', () => {
  const claims = claimsAbout(serverKeyInfo);
  const pemKey = utf8(`${pem(serverKeyInfo, 'PUBLIC KEY')}\0`);
  const gramine = '0.6.9.42.840.113741.1337.6';
  /** Each: what the report data begins with, and the extension around the quote. */
  const schemes: readonly (readonly [
    id: string,
    digest: Uint8Array,
    wrap: (quote: Uint8Array) => Uint8Array,
    title: RegExp,
  ])[] = [
    ['2.23.133.5.4.9', sha256(claims), (quote) => taggedEvidence(quote, claims), /interoperable RA-TLS/],
    [gramine, sha256(serverKeyInfo), (quote) => quote, /Gramine/],
    ['1.3.6.1.5.5.7.1.35', sha256(claims), (quote) => wrappedMessage(taggedEvidence(quote, claims)), /RFC 9999/],
    ['1.3.6.1.4.1.311.105.1', sha256(pemKey), openEnclaveReport, /Open Enclave report/],
    ['1.2.840.113556.10.1.1', sha256(pemKey), openEnclaveReport, /Open Enclave report/],
    ['1.3.6.1.4.1.311.105.1', sha256(serverKeyInfo), openEnclaveReport, /Open Enclave report/],
    ['1.2.840.113556.10.1.1', sha256(pemKey), derOctetString, /Open Enclave report/],
    ['1.3.6.1.4.1.311.105.1', sha256(pemKey), derOctetString, /Open Enclave report/],
    ['1.3.6.1.4.1.311.105.1', sha256(pemKey), (quote) => derOctetString(openEnclaveReport(quote)), /Open Enclave/],
  ];

  for (const [id, digest, wrap, title] of schemes) {
    test(`${id} ties its key to the quote`, async () => {
      const { made, verify } = writeKit(folder, 'scheme', { report: { reportData: asReportData(digest) } });
      const der = certificateWith([{ id, value: wrap(made.quote) }]);
      writeFileSync(join(folder, 'scheme.pem'), pem(der));
      const ran = await verify(['--json'], 'scheme.pem');
      assert.equal(ran.code, 0, ran.stdout);
      const { certificate, steps } = ran.json();
      const { keyBound, keyProved, scheme } = certificate as Record<string, unknown>;
      assert.deepEqual([keyBound, keyProved], [true, false]);
      assert.match(String(scheme), title);
      assert.equal((steps as readonly { id: string; status: string }[]).at(-1)?.status, 'passed');
      const explained = await enclos(['explain', 'scheme.pem'], { cwd: folder });
      assert.match(explained.stdout, /─ extension [\d.]+, [^]* {2}SGX quote, version 3\n/);
    });

    test(`${id} with the quote for another key is refused`, async () => {
      const { made, verify } = writeKit(folder, 'unbound', {
        report: { reportData: asReportData(sha256(utf8('other'))) },
      });
      writeFileSync(join(folder, 'unbound.der'), certificateWith([{ id, value: wrap(made.quote) }]));
      const ran = await verify(['--json'], 'unbound.der');
      assert.equal(ran.code, 3);
      const { status, step: at, steps } = ran.json();
      assert.deepEqual([status, at], ['CERTIFICATE_KEY_NOT_BOUND', 'certificate-binding']);
      assert.equal((steps as readonly { status: string }[]).at(-1)?.status, 'failed');
    });
  }

  test('of the answer of Azure Attestation to /certs is verified, whatever other keys the answer lists', async () => {
    const azure = attestedForms(serverKeyInfo)['azure-signing'];
    const { made, verify } = writeKit(folder, 'azure-keys', { report: { reportData: azure.reportData } });
    const certificates = [
      certificateWith([{ id: azure.id, value: azure.wrap(made.quote) }, azureVersionExtension]),
      made.certificates.root,
    ];
    const keys = certificates.map((der, index) => {
      return { kty: 'EC', kid: `${index}`, x5c: [Buffer.from(der).toString('base64')] };
    });
    writeFileSync(join(folder, 'certs.json'), JSON.stringify({ keys }, undefined, 4));
    const ran = await verify(['--json'], 'certs.json');
    assert.equal(ran.code, 0, ran.stdout);
    const { certificate: carrier, foundIn, verdict } = ran.json();
    const { keyBound, otherCertificates } = carrier as Record<string, unknown>;
    assert.deepEqual([keyBound, otherCertificates], [true, 1]);
    assert.match(
      (await verify([], 'certs.json')).stdout,
      /\n⚠ The evidence says nothing about the keys of other cert.*1/,
    );
    assert.match(String(foundIn), /^member keys\[0\]\.x5c\[0\]/);
    assert.equal(
      (verdict as Record<string, unknown>)['mrEnclave'],
      Buffer.from(made.quote.slice(112, 144)).toString('hex'),
    );
    const { stdout } = await enclos(['explain', 'certs.json'], { cwd: folder });
    assert.match(stdout, /1\.2\.840\.113556\.10\.1\.2 +a version number, which Azure Attestation writes/);
    assert.match(stdout, /extension 1\.2\.840\.113556\.10\.1\.1, Open Enclave report, old identifier {2}SGX quote/);
  });

  test('that two certificates share is refused: it vouches for the key of one of them at most', async () => {
    const azure = attestedForms(serverKeyInfo)['azure-signing'];
    const { made, verify } = writeKit(folder, 'shared', { report: { reportData: azure.reportData } });
    const extension = { id: azure.id, value: azure.wrap(made.quote) };
    const key = processKeys.key('another server', 'P-256');
    const copy = issueCertificate({
      version: 3,
      serialNumber: Uint8Array.of(2),
      issuer: 'attested server',
      subject: 'attested server',
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2040-01-01T00:00:00Z'),
      key,
      issuerKey: key,
      extensions: [extension],
    });
    const mine = certificateWith([extension]);
    for (const [certificates, code] of [
      [[mine, copy], 2],
      [[copy, mine], 2],
      [[mine, mine], 0],
    ] as const) {
      writeFileSync(join(folder, 'shared.pem'), certificates.map((der) => pem(der)).join(''));
      assert.equal((await verify([], 'shared.pem')).code, code);
    }
  });

  test('with claims about another key is refused, although the report data vouches for the claims', async () => {
    const others = claimsAbout(utf8('another key'));
    const { made, verify } = writeKit(folder, 'claims', { report: { reportData: asReportData(sha256(others)) } });
    writeFileSync(
      join(folder, 'claims.der'),
      certificateWith([{ id: '2.23.133.5.4.9', value: taggedEvidence(made.quote, others) }]),
    );
    assert.equal((await verify([], 'claims.der')).code, 3);
  });

  test('in a way that is not known here says that anyone may have the key', async () => {
    const { made, verify } = writeKit(folder, 'unknown');
    writeFileSync(join(folder, 'old.der'), certificateWith([{ id: '1.2.840.113741.1337.6', value: made.quote }]));
    assert.match((await verify([], 'old.der')).stdout, /⚠ This tool does not know how this certificate ties its key/);
    writeFileSync(
      join(folder, 'unknown.der'),
      certificateWith([
        { id: '1.3.9900.5.99', value: utf8(JSON.stringify({ quote: Buffer.from(made.quote).toString('base64') })) },
      ]),
    );
    const ran = await verify([], 'unknown.der');
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(
      ran.stdout,
      /23 · The report data vouches for the key of the certificate\n[^]*⚠ This tool does not know how this certificate ties its key/,
    );
    const appraised = await verify(['--policy', await policyOf('unknown.bin')], 'unknown.der');
    assert.equal(appraised.code, 2, 'nothing binds it');
  });

  const { made, verify } = writeKit(folder, 'server', { report: { reportData: asReportData(sha256(serverKeyInfo)) } });
  const certificate = pem(certificateWith([{ id: gramine, value: made.quote }]));
  const key = serverKey.privateKey.export({ format: 'pem', type: 'pkcs8' });
  let server: Server;
  let address = '';

  before(async () => {
    server = createServer({ key, cert: certificate }, (socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = server.address();
    address = `https://127.0.0.1:${typeof at === 'object' ? at?.port : 0}`;
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  test('of a server is fetched, verified and appraised by the key that it proved', async () => {
    const ran = await verify(['--policy', await policyOf('server.bin'), '--json'], address);
    assert.equal(ran.code, 0, ran.stdout);
    const { certificate: carrier, appraised, binding } = ran.json();
    assert.equal((carrier as Record<string, unknown>)['keyProved'], true);
    assert.deepEqual([appraised, binding], [true, { kind: 'certificate-key', scheme: 'legacy RA-TLS of Gramine' }]);
    assert.match((await enclos(['explain', address])).stdout, /^Certificate CN=attested server/);
  });

  test('of a server that is not there is transient, and not evidence', async () => {
    for (const gone of ['https://127.0.0.1:1', 'https://no-such-host.invalid/']) {
      const ran = await verify(['--json'], gone);
      assert.deepEqual([ran.code, errorOf(ran).code], [1, 'CLI_SERVER_UNREACHABLE']);
    }
  });
});

describe('the process', () => {
  const bin = join(repository, 'packages/cli/bin/enclos.js');
  const run = (argv: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }> =>
    new Promise((resolve) => {
      const child = execFile(process.execPath, [bin, ...argv], { cwd: folder }, (_, stdout) =>
        resolve({ code: child.exitCode, stdout }),
      );
    });

  test('ends with the exit code of the outcome', async () => {
    const good = writeKit(folder, 'process');
    const bad = writeKit(folder, 'badprocess', { qeReport: { isvProdId: 7 } });
    const argv = (name: string, kit: typeof good): readonly string[] => [
      'verify',
      `${name}.bin`,
      ...kit.options,
      '--json',
    ];
    assert.equal((await run(argv('process', good))).code, 0);
    assert.equal((await run(argv('badprocess', bad))).code, 3);
    assert.equal((await run(['verify', 'absent', ...good.options])).code, 2);
    assert.equal((await run(['verify', 'https://127.0.0.1:1', ...good.options])).code, 1);
  });
});
