import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { scenario } from '@enclos/evidence-kit';
import { vectors } from '@enclos/testkit';
import { carriedChain, endorsementFacts } from '../src/index.ts';
import { softwareSite } from './software-site.ts';

const refused = (error: unknown): boolean => isEnclosError(error, 'ENDORSEMENTS_EVIDENCE_UNREADABLE');
const site = await softwareSite();

test('a software quote names its platform', () => {
  const fmspc = site.vendor.fmspc.toLowerCase();
  assert.deepEqual(endorsementFacts(site.quote()), { tee: 'sgx', fmspc, ca: 'platform' });
});

test('a quote names its platform whatever the order of its PCK chain is', () => {
  const named = endorsementFacts(scenario().quote);
  assert.ok('ca' in named && named.ca === 'platform');
  for (const order of [
    [0, 2, 1],
    [2, 1, 0],
    [1, 0, 2],
  ]) {
    const { quote } = scenario({ pckChain: (good) => order.flatMap((index) => good[index] ?? []) });
    assert.deepEqual(endorsementFacts(quote), named, order.join());
  }
  const broken = scenario({ pckChain: (good) => good.toReversed().slice(1) });
  assert.throws(() => endorsementFacts(broken.quote), refused);
});

test('a quote carries the chain that names its platform, in every version and for both TEEs', () => {
  for (const kind of ['sgx-v3', 'sgx-v4', 'sgx-v5', 'tdx-v4', 'tdx-v5-td15'] as const) {
    const { quote } = scenario({ kind });
    const carried = carriedChain(quote);
    assert.ok(carried !== undefined, kind);
    assert.equal(carried.tee, kind.slice(0, 3));
    assert.match(
      new TextDecoder().decode(carried.pem),
      /^-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----\s*\0?$/,
    );
    assert.throws(() => carriedChain(quote.subarray(0, -1)), refused);
  }
  assert.equal(carriedChain(quoteWith(1, new Uint8Array(404))), undefined);
  assert.throws(() => carriedChain(new Uint8Array(262_145)), refused);
});

vectors.test('every quote of the vectors names the platform of its TCB info', () => {
  const rows = JSON.parse(new TextDecoder().decode(vectors.read('dcap/matrix.json'))) as readonly {
    readonly quote: string;
    readonly tcbInfo: string;
  }[];
  assert.ok(rows.length > 100);
  for (const { quote, tcbInfo } of rows) {
    const text = new TextDecoder().decode(vectors.read(`dcap/tcbinfo/${tcbInfo}.json`));
    const { tcbInfo: info } = JSON.parse(text) as { tcbInfo: { id?: string; fmspc: string } };
    const facts = endorsementFacts(vectors.read(`dcap/quotes/${quote}.bin`));
    assert.ok('fmspc' in facts, quote);
    assert.deepEqual([facts.tee, facts.fmspc], [(info.id ?? 'SGX').toLowerCase(), info.fmspc.toLowerCase()], quote);
  }
});

/** A quote of version 3 whose certification data is `data`. */
function quoteWith(type: number, data: Uint8Array): Uint8Array {
  const quote = Buffer.alloc(48 + 384 + 4 + 128 + 448 + 2 + 6 + data.length);
  quote.writeUInt16LE(3, 0);
  quote.fill(0x22, 28, 44);
  quote.writeUInt16LE(type, quote.length - data.length - 6);
  quote.writeUInt32LE(data.length, quote.length - data.length - 4);
  quote.set(data, quote.length - data.length);
  return quote;
}

test('certification data of types 1 to 3 says what to look the certificate up by', () => {
  const data = Buffer.alloc(404, 0xee);
  Buffer.from('aabbccddeeff00112233445566778899', 'hex').copy(data, 384);
  Buffer.from('0b000100', 'hex').copy(data, 400);
  const rest = { cpuSvn: 'aabbccddeeff00112233445566778899', pceSvn: '0b00', pceId: '0100', qeId: '22'.repeat(16) };
  for (const [type, name, size] of [
    [1, 'ppid', 16],
    [2, 'encryptedPpid', 256],
    [3, 'encryptedPpid', 384],
  ] as const) {
    assert.deepEqual(endorsementFacts(quoteWith(type, data)), {
      tee: 'sgx',
      pck: { [name]: 'ee'.repeat(size), ...rest },
    });
  }
  for (const type of [0, 4, 6, 7]) assert.throws(() => endorsementFacts(quoteWith(type, data)), refused);
  assert.throws(() => endorsementFacts(quoteWith(3, data.subarray(0, 100))), refused);
});

vectors.test('reports of SEV-SNP name product, chip and TCB', () => {
  const milan = { tee: 'snp', product: 'Milan', signingKey: 'vcek' };
  const read = (file: string, product?: 'Milan') =>
    endorsementFacts(vectors.read(`snp/${file}`), product === undefined ? {} : { product });
  const { chip, ...rest } = read('attestation-rs/test-report.bin', 'Milan') as { chip?: { tcb: object } };
  assert.deepEqual([rest, chip?.tcb], [milan, { bootLoader: 3, tee: 0, snp: 8, microcode: 0x73 }]);
  const turin = read('TEE-Attestation-Verification/turin_attestation_report.bin');
  assert.ok(turin.tee === 'snp' && turin.chip?.hwid.length === 16);
  assert.deepEqual(turin.chip.tcb, { fmc: 1, bootLoader: 1, tee: 1, snp: 4, microcode: 0x51 });
  const genoa = read('TEE-Attestation-Verification/genoa_attestation_report.bin');
  assert.ok(genoa.tee === 'snp' && genoa.product === 'Genoa');
  assert.deepEqual(read('attestation-rs/test-vlek-report.bin'), { tee: 'snp', product: 'Milan', signingKey: 'vlek' });
  // Version 2 does not name the product.
  assert.throws(() => read('attestation-rs/test-report.bin'), refused);
});

test('what is no evidence is refused', () => {
  const quote = site.quote();
  for (const bytes of [
    new Uint8Array(),
    new Uint8Array(1184),
    new Uint8Array(300_000),
    quote.subarray(0, 1000),
    quote.subarray(0, quote.length - 1),
    quote.with(0, 2),
    quote.with(0, 6),
  ]) {
    assert.throws(() => endorsementFacts(bytes), refused);
  }
});

test(
  'certification data of NUL characters before another one costs no more than its length',
  { timeout: 20_000 },
  () => {
    const data = new Uint8Array(250_000);
    data[data.length - 1] = 0x78;
    assert.throws(() => endorsementFacts(quoteWith(5, data)), refused);
  },
);
