import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitSignedBody } from '@enclos/attestation';
import { explain, verify } from '@enclos/cli-evidence';
import { toHex } from '@enclos/codec';
import { pem } from '@enclos/evidence-kit';
import { vectors } from '@enclos/testkit';
import { findPemBlocks } from '@enclos/codec/pem';
import { decodeLatin1 } from '@enclos/codec/text';
import { enclos, repository, temporaryFolder } from '../../cli.ts';

const folder = temporaryFolder();

/** What is compared of a row of dcap/matrix.json. */
interface Row {
  readonly quote: string;
  readonly tcbInfo: string;
  readonly qeIdentity: string;
  readonly rootCrl: string;
  readonly pckCrl: string;
  readonly tcbSigner: string;
  readonly qeSigner: string;
  readonly at: string;
  readonly expect: string;
  readonly moduleStatus?: string;
  readonly qeStatus: string;
  readonly advisoryIds?: readonly string[];
  readonly tcbDate?: string;
}

const text = (path: string): string => new TextDecoder().decode(vectors.read(path));
// The vectors are fixed files.
const readRow = (path: string): Row => JSON.parse(text(path)) as Row;

function collateralOf(row: Row, quote: Uint8Array): Readonly<Record<string, string>> {
  const root = pem(vectors.read('dcap/certs/intel-sgx-root-ca.der'));
  const signer = (id: string): string => pem(vectors.read(`dcap/certs/tcb-signing-${id}.der`)) + root;
  const tcbInfo = splitSignedBody(text(`dcap/tcbinfo/${row.tcbInfo}.json`), 'tcbInfo');
  const qeIdentity = splitSignedBody(text(`dcap/qeidentity/${row.qeIdentity}.json`), 'enclaveIdentity');
  const [, intermediate] = findPemBlocks(decodeLatin1(quote), 16);
  return {
    pck_crl_issuer_chain: pem(intermediate?.bytes ?? new Uint8Array()) + root,
    root_ca_crl: toHex(vectors.read(`dcap/crl/${row.rootCrl}.der`)),
    pck_crl: toHex(vectors.read(`dcap/crl/${row.pckCrl}.der`)),
    tcb_info_issuer_chain: signer(row.tcbSigner),
    tcb_info: tcbInfo.body,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: signer(row.qeSigner),
    qe_identity: qeIdentity.body,
    qe_identity_signature: qeIdentity.signature,
  };
}

function expected({
  expect: status,
  moduleStatus,
  qeStatus,
  advisoryIds,
  tcbDate,
}: Row): Readonly<Record<string, unknown>> {
  // Of a platform that no level fits the matrix says nothing about the parts.
  if (status === 'TCB_NOT_SUPPORTED') return { status };
  return { status, moduleStatus, qeStatus, advisoryIds: advisoryIds ?? [], tcbDate };
}

function found(row: Row, answer: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.keys(expected(row)).map((name) => [name, answer[name]]));
}

vectors.test('every row of the matrix, by the function of the command', async () => {
  const rows = JSON.parse(text('dcap/matrix.json')) as readonly Row[];
  assert.equal(rows.length, 204);
  for (const [index, row] of rows.entries()) {
    const bytes = vectors.read(`dcap/quotes/${row.quote}.bin`);
    const file = join(folder, 'row.json');
    writeFileSync(file, JSON.stringify(collateralOf(row, bytes)));
    const { verdict } = await verify({
      input: { name: row.quote, bytes, from: 'file' },
      collateral: { file },
      roots: { rootFiles: [], softwareRoots: [], intelRoot: true },
      now: new Date(row.at),
    });
    assert.deepEqual(found(row, { ...verdict }), expected(row), `row ${index}`);
    assert.equal(explain({ bytes }).kind, 'quote');
  }
});

interface Ran {
  readonly code: number | null;
  readonly answer: Readonly<Record<string, unknown>>;
}

function run(argv: readonly string[]): Promise<Ran> {
  const bin = join(repository, 'packages/cli/bin/enclos.js');
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bin, ...argv], { cwd: folder }, (_, stdout) =>
      resolve({ code: child.exitCode, answer: JSON.parse(stdout) as Ran['answer'] }),
    );
  });
}

vectors.test('every curated case, by the command itself, and by a policy that is made of it', async () => {
  const names = vectors.list('dcap/vectors').filter((name) => !name.endsWith('.tsv'));
  assert.equal(names.length, 15);
  for (const name of names) {
    const row = readRow(`dcap/vectors/${name}/expected.json`);
    writeFileSync(join(folder, 'quote.bin'), vectors.read(`dcap/vectors/${name}/quote.bin`));
    writeFileSync(join(folder, 'collateral.json'), vectors.read(`dcap/vectors/${name}/collateral.json`));
    const given = ['verify', 'quote.bin', '--collateral', 'collateral.json', '--at', row.at, '--json'];
    const { code, answer } = await run(given);
    assert.equal(code, 0, name);
    assert.deepEqual(found(row, answer), expected(row), name);
    const policy = `${name}.policy.json`;
    assert.equal((await enclos(['policy', 'init', 'quote.bin', '--out', policy], { cwd: folder })).code, 0, name);
    const appraised = await enclos([...given, '--policy', policy, '--unbound', 'a test'], { cwd: folder });
    const { error, status } = appraised.json();
    const isStrict = status === 'OK' && error === undefined;
    assert.equal(appraised.code, isStrict ? 0 : 4, name);
    if (status !== 'OK') assert.equal((await enclos(['policy', 'explain', policy], { cwd: folder })).code, 0);
  }
});

vectors.test('the sample of Intel needs --pck, and its own root', async () => {
  const file = (name: string, content: Uint8Array | string): string => {
    writeFileSync(join(folder, name), content);
    return name;
  };
  const sample = 'intel-qvl-sample';
  const tcbInfo = splitSignedBody(text(`${sample}/tcbInfo.json`), 'tcbInfo');
  const qeIdentity = splitSignedBody(text(`${sample}/qeIdentity.json`), 'enclaveIdentity');
  const signers = text(`${sample}/tcbSignChain.pem`);
  const collateral = {
    pck_crl_issuer_chain: text(`${sample}/pckSignChain.pem`),
    root_ca_crl: toHex(vectors.read(`${sample}/rootCaCrl.der`)),
    pck_crl: toHex(vectors.read(`${sample}/intermediateCaCrl.der`)),
    tcb_info_issuer_chain: leafFirst(signers),
    tcb_info: tcbInfo.body,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: leafFirst(signers),
    qe_identity: qeIdentity.body,
    qe_identity_signature: qeIdentity.signature,
  };
  const quote = file('sample.dat', vectors.read(`${sample}/quote.dat`));
  const json = file('sample.json', JSON.stringify(collateral));
  const given = ['verify', quote, '--at', '2025-01-01', '--json', '--collateral', json];
  const root = ['--root', file('sample.root.pem', text(`${sample}/trustedRootCaCert.pem`))];
  const pck = ['--pck', file('sample.pck.pem', text(`${sample}/pckCert.pem`))];
  const ran = await enclos([...given, ...root, ...pck], { cwd: folder });
  assert.deepEqual([ran.code, ran.json()['status']], [0, 'OK'], ran.stdout);
  const without = await enclos([...given, ...root], { cwd: folder });
  assert.deepEqual([without.code, without.json()['status']], [3, 'MISSING_PARAMETERS']);
  const intel = await enclos([...given, ...pck, '--intel-root'], { cwd: folder });
  assert.deepEqual([intel.code, intel.json()['step']], [3, 'trusted-root']);
});

/** The chain of the sample may begin with its root. */
function leafFirst(chain: string): string {
  const blocks = findPemBlocks(chain, 16);
  const ordered = [...blocks].sort((one, other) => Number(isRoot(one.bytes)) - Number(isRoot(other.bytes)));
  return ordered.map(({ bytes }) => pem(bytes)).join('');
}

function isRoot(der: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(der).split('SGX Root CA').length > 2;
}

/** Each: evidence of others in a wrapping, and what is found in it. */
const wrapped: readonly (readonly [path: string, title: RegExp, pieces: RegExp])[] = [
  ['ra-tls/gramine-cert.pem', /^Certificate CN=RATLS/, /SGX quote, version 3/],
  ['ra-tls/intel-sgxsdk-cert.pem', /^Certificate CN=Intel SGX Enclave/, /tagged evidence[^]*SGX quote, version 3/],
  ['maa/azure-sdk/openEnclaveReport.b64url.txt', /^An Open Enclave report, in base64url/, /SGX quote, version 3/],
  [
    'azure-vtpm/attestation-rs/az_snp/evidence-v1.json',
    /^JSON/,
    /member evidence {2}Evidence of an Azure confidential VM\n[^]*SEV-SNP report\n[^]*HCLAkPub/,
  ],
  [
    'azure-vtpm/trustee/az-tdx-vtpm/evidence-v0.json',
    /^Evidence of an Azure confidential VM\n/,
    /version +none\n[^]*TDREPORT\n[^]*qualifying data +6368616c6c656e6765[^]*TD quote\n[^]*MRTD/,
  ],
  ['azure-vtpm/attestation-rs/az_tdx/td-quote.bin', /^TDX quote, version 4/, /trailing bytes +70/],
  ['snp/attestation-rs/test-vlek-report.bin', /^SEV-SNP attestation report/, /signed by VLEK, of the provider/],
  ['snp/go-sev-guest/attestation.bin', /^SEV-SNP attestation report/, /DEBUG allowed/],
  ['snp/TEE-Attestation-Verification/turin_vcek.pem', /^Certificate .*CN=SEV-VCEK/, /SVN of the FMC {2}1/],
  ['snp/confidential-sidecar-containers/uvm_host_amd_certificate.json', /^JSON/, /ARK-Milan/],
];

for (const [path, title, pieces] of wrapped) {
  vectors.test(`${path} is explained`, async () => {
    writeFileSync(join(folder, 'wrapped'), vectors.read(path));
    const ran = await enclos(['explain', 'wrapped'], { cwd: folder });
    assert.deepEqual([ran.code, ran.stderr], [0, '']);
    assert.match(ran.stdout, title);
    assert.match(ran.stdout, pieces);
  });
}

vectors.test('a certificate of Gramine is verified, with the scheme that ties its key', async () => {
  const rows = JSON.parse(text('dcap/matrix.json')) as readonly Row[];
  const row = rows.find(({ quote }) => quote === '5cfdb51d1d43');
  assert.ok(row !== undefined);
  writeFileSync(join(folder, 'gramine.pem'), vectors.read('ra-tls/gramine-cert.pem'));
  writeFileSync(
    join(folder, 'gramine.json'),
    JSON.stringify(collateralOf(row, vectors.read(`dcap/quotes/${row.quote}.bin`))),
  );
  const ran = await enclos(['verify', 'gramine.pem', '--collateral', 'gramine.json', '--at', row.at, '--json'], {
    cwd: folder,
  });
  assert.equal(ran.code, 0, ran.stdout);
  const { status, certificate, foundIn } = ran.json();
  assert.deepEqual(
    [status, foundIn],
    [row.expect, ['extension 2.23.133.5.4.9, tagged evidence (interoperable RA-TLS)', 'tagged evidence']],
  );
  assert.deepEqual(certificate, {
    subject: 'CN=RATLS, O=GramineDevelopers, C=US',
    keyProved: false,
    keyBound: true,
    scheme: 'tagged evidence (interoperable RA-TLS)',
  });
});

/** Each: a real report, its leaf where it is a file, its product, and a time in its dates. */
const reports: readonly (readonly [report: string, leaf: string, product: string, at: string])[] = [
  [
    'TEE-Attestation-Verification/genoa_attestation_report.bin',
    'TEE-Attestation-Verification/genoa_vcek.pem',
    'Genoa',
    '2026-06-01',
  ],
  [
    'TEE-Attestation-Verification/turin_attestation_report.bin',
    'TEE-Attestation-Verification/turin_vcek.pem',
    'Turin',
    '2026-06-01',
  ],
  ['attestation-rs/test-report.bin', 'attestation-rs/test-vcek.der', 'Milan', '2025-06-01'],
  ['attestation-rs/test-vlek-report.bin', 'attestation-rs/test-vlek.der', 'Milan', '2025-06-01'],
];

for (const [report, leaf, product, at] of reports) {
  vectors.test(`snp/${report} is verified to the root of AMD, and appraised`, async () => {
    const authority = leaf.includes('vlek') ? 'asvk' : 'ask';
    const certificates = [`certs/${product.toLowerCase()}/${authority}.der`, `certs/${product.toLowerCase()}/ark.der`];
    const chain = certificates.map((name) => pem(vectors.read(`snp/attestation-rs/${name}`))).join('');
    const bytes = vectors.read(`snp/${leaf}`);
    const leafPem = leaf.endsWith('.pem') ? new TextDecoder().decode(bytes) : pem(bytes);
    writeFileSync(join(folder, 'report.bin'), vectors.read(`snp/${report}`));
    writeFileSync(join(folder, 'report.json'), JSON.stringify({ certificate_chain: leafPem + chain }));
    const given = ['verify', 'report.bin', '--collateral', 'report.json', '--at', at];
    const ran = await enclos([...given, '--json'], { cwd: folder });
    assert.equal(ran.code, 0, ran.stdout);
    assert.deepEqual([ran.json()['status'], ran.json()['tee'], ran.json()['product']], ['GENUINE', 'sev-snp', product]);
    assert.match((await enclos(given, { cwd: folder })).stdout, /revocation +not checked: there was no list\n/);
    const init = await enclos(['policy', 'init', 'report.bin', '--product', 'Milan', '--json'], { cwd: folder });
    if (authority === 'asvk') return assert.equal(init.code, 2);
    const policy = { ...(init.json()['policy'] as object), allowUncheckedRevocation: true };
    writeFileSync(join(folder, 'report.policy.json'), JSON.stringify(policy));
    const appraise = [...given, '--policy', 'report.policy.json', '--unbound', 'a test'];
    assert.equal((await enclos(appraise, { cwd: folder })).code, 0);
    writeFileSync(join(folder, 'report.policy.json'), JSON.stringify({ ...policy, measurements: ['00'.repeat(48)] }));
    const refused = await enclos([...appraise, '--json'], { cwd: folder });
    assert.deepEqual([refused.code, refused.json()['rule']], [4, 'measurements']);
  });
}

vectors.test('a leaf that did not sign is refused, and what Azure gives out is collateral too', async () => {
  writeFileSync(join(folder, 'azure.bin'), vectors.read('snp/confidential-sidecar-containers/snp_report.bin'));
  writeFileSync(
    join(folder, 'azure.json'),
    vectors.read('snp/confidential-sidecar-containers/uvm_host_amd_certificate.json'),
  );
  const given = ['verify', 'azure.bin', '--collateral', 'azure.json', '--at', '2025-06-01', '--json'];
  assert.equal((await enclos(given, { cwd: folder })).code, 0);
  writeFileSync(join(folder, 'azure.bin'), vectors.read('snp/attestation-rs/test-report.bin'));
  const ran = await enclos(given, { cwd: folder });
  assert.deepEqual(
    [ran.code, ran.json()['step'], ran.json()['status']],
    [3, 'snp-report-signature', 'SNP_INVALID_REPORT_SIGNATURE'],
  );
});

vectors.test('evidence that brings its leaf needs the chain alone', async () => {
  writeFileSync(join(folder, 'az.json'), vectors.read('azure-vtpm/attestation-rs/az_snp/evidence-v1.json'));
  const chain = ['ask', 'ark'].map((name) => pem(vectors.read(`snp/attestation-rs/certs/milan/${name}.der`))).join('');
  writeFileSync(join(folder, 'az.chain.json'), JSON.stringify({ certificate_chain: chain }));
  const given = ['verify', 'az.json', '--collateral', 'az.chain.json', '--at', '2025-06-01', '--json'];
  const ran = await enclos(given, { cwd: folder });
  assert.equal(ran.code, 0, ran.stdout);
  assert.deepEqual(ran.json()['foundIn'], ['member evidence']);
});
