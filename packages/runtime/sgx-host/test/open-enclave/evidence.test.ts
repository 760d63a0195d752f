import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import type { QuotingService } from '../../src/open-enclave/evidence.ts';
import { during } from './loaded.ts';
import type { Registers } from '../../src/gate/thread.ts';
import type { Step } from '../scripted-enclave.ts';
import { argumentsOf, type Inside, type PeerOcall } from './peer.ts';
import { collateralItems, ocallIndex, openEnclaveModel } from './sdk-edl.ts';
import { recordingServices } from './services.ts';

const model = openEnclaveModel(['attestation'], 'trusted { public void run(); };');
const ecdsa = Uint8Array.from(Buffer.from('a3a21e871b4d4014b70aa125d2fbcd8c', 'hex'));
const epid = Uint8Array.from(Buffer.from('f228aa3fde4d49d3884cb2aa87a50da6', 'hex'));
const POINTER = 16n;

/** The platform: its quote is the report, and something after it. */
const quoting: QuotingService = {
  quotingTarget: async () => new Uint8Array(512).fill(3),
  quote: async (report) => Uint8Array.from([...report, 1, 2, 3, 4]),
};

const retval = (call: PeerOcall): number => call.output.getUint32(24, true);
type Steps<T = PeerOcall> = Generator<Step, T, Registers>;

function* targetInfo(inside: Inside, format = ecdsa): Steps {
  const input = argumentsOf(
    64,
    [
      [32, POINTER],
      [56, POINTER],
    ],
    format,
  );
  return yield* inside.ocall(ocallIndex(model, 'oe_get_qetarget_info_ocall'), input, 64 + 512);
}

/** @param room for the quote; NULL is passed for none */
function* quote(inside: Inside, report: Uint8Array, room: number, format = ecdsa): Steps {
  const fields: [number, bigint][] = [
    [32, POINTER],
    [56, POINTER],
    [64, room === 0 ? 0n : POINTER],
    [72, BigInt(room)],
    [80, POINTER],
  ];
  const input = argumentsOf(88, fields, format, report);
  return yield* inside.ocall(ocallIndex(model, 'oe_get_quote_ocall'), input, 96 + Math.ceil(room / 16) * 16 + 16);
}

async function run(work: (inside: Inside) => Steps<void>, service: QuotingService | 'none' = quoting) {
  const services = recordingServices({ quoting: service === 'none' ? undefined : service });
  await during(work, { model, services }).call('run');
  return services;
}

test('an enclave learns the formats of evidence, in memory that it frees', async () => {
  await run(function* formats(inside) {
    const index = ocallIndex(model, 'oe_get_supported_attester_format_ids_ocall');
    const call = yield* inside.ocall(index, argumentsOf(40, [[32, POINTER]]), 48 + 16);
    assert.deepEqual([call.gate, call.result, retval(call)], [0n, 0n, 0]);
    const [buffer, bytes] = [call.output.getBigUint64(8, true), call.output.getBigUint64(16, true)];
    assert.deepEqual([bytes, call.output.getBigUint64(56, true)], [16n, 16n]);
    assert.deepEqual(inside.memory.read(buffer, 16), ecdsa);
    assert.equal((yield* inside.call(0x8004, buffer)).gate, 0n);
  });
});

test('a quote is asked for twice: for its size, and then for itself', async () => {
  const report = new Uint8Array(432).map((_, i) => i);
  await run(function* evidence(inside) {
    const target = yield* targetInfo(inside);
    assert.deepEqual(
      [target.result, retval(target), target.output.getUint8(64), target.output.getUint8(575)],
      [0n, 0, 3, 3],
    );
    const small = yield* quote(inside, report, 0);
    assert.deepEqual([small.result, retval(small), small.output.getBigUint64(96, true)], [0n, 2, 436n]);
    const whole = yield* quote(inside, report, 436);
    assert.deepEqual([whole.result, retval(whole), whole.output.getBigUint64(96 + 448, true)], [0n, 0, 436n]);
    const bytes = new Uint8Array(whole.output.buffer, 96, 436);
    assert.deepEqual(bytes, Uint8Array.from([...report, 1, 2, 3, 4]));
  });
});

test('other formats, and what no quoting enclave did, are refused as the SDK does', async () => {
  await run(function* formats(inside) {
    assert.equal(retval(yield* targetInfo(inside, epid)), 16);
    assert.equal(retval(yield* quote(inside, new Uint8Array(432), 0, epid)), 16);
    const verified = yield* inside.ocall(
      ocallIndex(model, 'oe_verify_quote_ocall'),
      argumentsOf(40, [[32, POINTER]], ecdsa),
      48,
    );
    assert.equal(retval(verified), 21);
  });
  const refusal = new EnclosError('EDL_VALUE_REFUSED', 'refused');
  const refusing: QuotingService = {
    quotingTarget: () => Promise.reject(refusal),
    quote: () => Promise.reject(refusal),
  };
  const { errors } = await run(function* refused(inside) {
    assert.equal(retval(yield* targetInfo(inside)), 36);
    assert.equal(retval(yield* quote(inside, new Uint8Array(432), 0)), 36);
  }, refusing);
  assert.deepEqual(errors, [refusal, refusal]);
});

const collateral = {
  version: 3,
  pck_crl_issuer_chain: 'ca',
  root_ca_crl: '0a',
  pck_crl: '0b',
  tcb_info_issuer_chain: 'signing',
  tcb_info: '{"id":"SGX"}',
  tcb_info_signature: 'ab',
  qe_identity_issuer_chain: 'signing',
  qe_identity: '{"id":"QE"}',
  qe_identity_signature: 'cd',
};
const items: Readonly<Record<(typeof collateralItems)[number], string>> = {
  tcb_info: '{"tcbInfo":{"id":"SGX"},"signature":"ab"}\0',
  tcb_info_issuer_chain: 'signing\0',
  pck_crl: '0b\0',
  root_ca_crl: '0a\0',
  pck_crl_issuer_chain: 'ca\0',
  qe_identity: '{"enclaveIdentity":{"id":"QE"},"signature":"cd"}\0',
  qe_identity_issuer_chain: 'signing\0',
};

/** Asks for endorsements with so much room for each. */
function* endorsements(inside: Inside, room: number): Steps {
  const fields = collateralItems.flatMap((_, i): [number, bigint][] => [
    [48 + 24 * i, POINTER],
    [56 + 24 * i, BigInt(room)],
    [64 + 24 * i, POINTER],
  ]);
  const head = 48 + 24 * collateralItems.length;
  const input = argumentsOf(head, [[32, POINTER], ...fields], new Uint8Array(6));
  const output = Math.ceil(head / 16) * 16 + collateralItems.length * (Math.ceil(room / 16) * 16 + 16);
  return yield* inside.ocall(ocallIndex(model, 'oe_get_quote_verification_collateral_ocall'), input, output);
}

test("endorsements are handed over as Intel's library does, or their sizes when there is no room", async () => {
  const services: QuotingService = { ...quoting, endorsements: async () => JSON.stringify(collateral) };
  await run(function* fetch(inside) {
    for (const room of [64, 16]) {
      const call = yield* endorsements(inside, room);
      assert.deepEqual([call.result, retval(call)], [0n, room === 16 ? 2 : 0]);
      const start = Math.ceil((48 + 24 * 7) / 16) * 16;
      for (const [i, name] of collateralItems.entries()) {
        const at = start + i * (room + 16);
        const size = Number(call.output.getBigUint64(at + room, true));
        assert.equal(size, items[name].length, name);
        const text = Buffer.from(call.output.buffer, at, Math.min(size, room)).toString();
        assert.equal(text, size > room ? '\0'.repeat(room) : items[name], name);
      }
    }
  }, services);
});

test('an enclave without a quoting enclave learns that there is no service', async () => {
  await run(function* none(inside) {
    assert.equal(retval(yield* targetInfo(inside)), 18);
    assert.equal(retval(yield* quote(inside, new Uint8Array(432), 0)), 18);
    assert.equal(retval(yield* endorsements(inside, 16)), 18);
  }, 'none');
  // No endorsements: the platform has no vendor's folder.
  await run(function* none(inside) {
    assert.equal(retval(yield* endorsements(inside, 16)), 18);
  });
});

for (const [what, text] of [
  ['not JSON', 'x'],
  ['not an object', '[]'],
  ['without a member', JSON.stringify({ ...collateral, pck_crl: undefined })],
  ['a number', JSON.stringify({ ...collateral, tcb_info: 3 })],
] as const) {
  test(`endorsements that are ${what} are a failure of the provider`, async () => {
    const { errors } = await run(
      function* fetch(inside) {
        assert.equal(retval(yield* endorsements(inside, 16)), 36);
      },
      { ...quoting, endorsements: async () => text },
    );
    assert.equal(errors.length, 1);
  });
}
