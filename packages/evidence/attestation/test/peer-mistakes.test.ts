import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { vectors } from '@enclos/testkit';
import { INTEL_SGX_ROOT, parseCollateral, type QuoteCollateral, type QuoteVerdict } from '../src/index.ts';
import { verifyQuoteSync } from '../src/node.ts';
import { allRows, collateralOf, quoteOf, readJson, type MatrixRow } from './intel-vectors.ts';
import { authority } from './refusal-cases.ts';
import { keys, makePlatform, now, qeLevel, tcbLevel, type Changes } from './synthetic-platform.ts';
import { moduleIdentity, moduleLevel, tdBody, tdChanges, teeTcbSvn } from './synthetic-td.ts';

// What other verifiers were found to get wrong, one test each: accepted where it must be refused, refused where it
// must be reported, or evaluated by another rule than Intel's.

const roots = [INTEL_SGX_ROOT];

async function verdictOf(changes: Changes, at = now): Promise<QuoteVerdict> {
  const platform = await makePlatform(changes);
  return verifyQuoteSync(platform.quote, parseCollateral(platform.collateral), { roots: platform.roots, now: at });
}

async function statusOfRefusal(changes: Changes): Promise<unknown> {
  const platform = await makePlatform(changes);
  return refusal(() =>
    verifyQuoteSync(platform.quote, parseCollateral(platform.collateral), { roots: platform.roots, now }),
  );
}

function refusal(verify: () => unknown): unknown {
  try {
    verify();
  } catch (error) {
    if (isEnclosError(error)) return error.details['status'];
    throw error;
  }
  return 'nothing was refused';
}

function curated(name: string): { quote: Uint8Array; collateral: QuoteCollateral; at: Date } {
  const { at } = readJson<{ readonly at: string }>(`dcap/vectors/${name}/expected.json`);
  const collateral = readJson<QuoteCollateral>(`dcap/vectors/${name}/collateral.json`);
  return { quote: vectors.read(`dcap/vectors/${name}/quote.bin`), collateral, at: new Date(at) };
}

function rowWhere(isWanted: (row: MatrixRow) => boolean): MatrixRow {
  const row = allRows().find(isWanted);
  assert.ok(row !== undefined);
  return row;
}

const verdictOfRow = (row: MatrixRow): QuoteVerdict =>
  verifyQuoteSync(quoteOf(row), parseCollateral(collateralOf(row)), { roots, now: new Date(row.at) });

vectors.test('a revocation list that is garbage, empty, changed or of the other CA is refused', () => {
  const { quote, collateral, at } = curated('tdx-v4-uptodate');
  const processor = curated('sgx-v3-outofdate-fullchain').collateral.pck_crl;
  const flipped = (hex: string): string => hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
  const cases: readonly (readonly [Partial<QuoteCollateral>, string])[] = [
    [{ pck_crl: '3000' }, 'SGX_CRL_UNSUPPORTED_FORMAT'],
    [{ root_ca_crl: '3000' }, 'SGX_CRL_UNSUPPORTED_FORMAT'],
    [{ pck_crl: '', root_ca_crl: '' }, 'SGX_CRL_UNSUPPORTED_FORMAT'],
    [{ pck_crl: flipped(collateral.pck_crl) }, 'SGX_CRL_INVALID_SIGNATURE'],
    [{ root_ca_crl: flipped(collateral.root_ca_crl) }, 'SGX_CRL_INVALID_SIGNATURE'],
    [{ pck_crl: processor }, 'SGX_CRL_UNKNOWN_ISSUER'],
    [{ pck_crl: collateral.root_ca_crl, root_ca_crl: collateral.pck_crl }, 'SGX_CRL_UNKNOWN_ISSUER'],
  ];
  for (const [change, status] of cases) {
    const verify = (): unknown =>
      verifyQuoteSync(quote, parseCollateral({ ...collateral, ...change }), { roots, now: at });
    assert.equal(refusal(verify), status);
  }
});

vectors.test('a revocation list of 2026 at a time in 2025 is reported as not yet valid', () => {
  const { quote, collateral, at } = curated('tdx-v4-uptodate');
  const { pck_crl } = curated('tdx-v5-td-relaunch-advised').collateral;
  const verdict = verifyQuoteSync(quote, parseCollateral({ ...collateral, pck_crl }), { roots, now: at });
  assert.deepEqual(verdict.collateral.notYetValid, ['pckCrl']);
});

test('an end entity cannot issue certificates', async () => {
  const leafExtensions = authority('2.5.29.19');
  assert.equal(
    await statusOfRefusal({ intermediate: { extensions: leafExtensions } }),
    'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS',
  );
  assert.equal(await statusOfRefusal({ pck: { issuerName: 'Test SGX Root CA' } }), 'SGX_PCK_INVALID_ISSUER');
  assert.equal(await statusOfRefusal({ pck: { issuerKey: keys.signer } }), 'SGX_PCK_INVALID_ISSUER');
});

test('a megabyte of bytes after the quote is refused, also where bytes after it are allowed', async () => {
  const { quote, collateral, roots: own } = await makePlatform();
  const longer = concatBytes(quote, new Uint8Array(1_048_576));
  for (const allowTrailingBytes of [false, true]) {
    const verify = (): unknown =>
      verifyQuoteSync(longer, parseCollateral(collateral), { roots: own, now, allowTrailingBytes });
    assert.equal(refusal(verify), 'UNSUPPORTED_QUOTE_FORMAT');
  }
});

test('authentication data need not be 32 bytes', async () => {
  for (const authDataLength of [0, 1, 31, 33, 1000]) {
    assert.equal((await verdictOf({ authDataLength })).status, 'CONFIGURATION_NEEDED');
  }
});

test('TCB info and QE identity that nobody signed are refused', async () => {
  const signature = '11'.repeat(64);
  const collateral = (change: Partial<QuoteCollateral>): Changes => ({
    collateral: (good) => ({ ...good, ...change }),
  });
  assert.equal(await statusOfRefusal(collateral({ tcb_info_signature: signature })), 'TCB_INFO_INVALID_SIGNATURE');
  assert.equal(
    await statusOfRefusal(collateral({ qe_identity_signature: signature })),
    'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE',
  );
});

test('the PCEID of the TCB info must be the platform’s', async () => {
  assert.equal(await statusOfRefusal({ tcbInfo: (good) => ({ ...good, pceId: '0001' }) }), 'TCB_INFO_MISMATCH');
});

test('the vendor of the quoting enclave must be the known one', async () => {
  const change: Changes = { quote: (good) => ({ ...good, qeVendorId: new Uint8Array(16) }) };
  assert.equal(await statusOfRefusal(change), 'UNSUPPORTED_QUOTE_FORMAT');
});

test('signer and attributes of the TDX module are checked, the attributes without a mask', async () => {
  const mask = { attributes: '0000000000000000', attributesMask: '0000000000000000' };
  const tcbInfo: Changes['tcbInfo'] = (good) => ({
    ...good,
    tdxModuleIdentities: [moduleIdentity('TDX_01', [moduleLevel(3, 'UpToDate')], mask)],
  });
  const seamAttributes = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);
  assert.equal(
    await statusOfRefusal(tdChanges(tdBody('td-1.0', { seamAttributes }), { tcbInfo })),
    'TDX_MODULE_MISMATCH',
  );
  const mrSignerSeam = new Uint8Array(48).fill(7);
  assert.equal(await statusOfRefusal(tdChanges(tdBody('td-1.0', { mrSignerSeam }))), 'TDX_MODULE_MISMATCH');
});

test('platform, TDX module or quoting enclave revoked: each alone revokes', async () => {
  const module1 = tdChanges(tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(1) }));
  assert.equal((await verdictOf(module1)).status, 'REVOKED');
  const revokedQe = tdChanges(tdBody('td-1.0'), {
    qeIdentity: (good) => ({ ...good, tcbLevels: [qeLevel(1, 'Revoked')] }),
  });
  assert.equal((await verdictOf(revokedQe)).status, 'REVOKED');
  const platform: Changes = { tcbInfo: (good) => ({ ...good, tcbLevels: [tcbLevel(1, 'Revoked')] }) };
  assert.equal((await verdictOf(platform)).status, 'REVOKED');
});

test('the SGX components count for a TD as well', async () => {
  const verdict = await verdictOf({ ...tdChanges(tdBody('td-1.0')), svns: { component: 1 } });
  assert.equal(verdict.platformStatus, 'TCB_NOT_SUPPORTED');
  assert.equal(verdict.shortfall.filter(({ component }) => component === 'sgx').length, 16);
});

vectors.test('SVN and version of a TDX module above version 0 are not compared as components', () => {
  const { quote, collateral, at } = curated('gcp-tdx-v4-uptodate-module1_5');
  assert.equal(verifyQuoteSync(quote, parseCollateral(collateral), { roots, now: at }).status, 'OK');
});

vectors.test('a TD whose module was updated below it is advised to relaunch, not refused', () => {
  const { quote, collateral, at } = curated('tdx-v5-td-relaunch-advised');
  assert.equal(verifyQuoteSync(quote, parseCollateral(collateral), { roots, now: at }).status, 'TD_RELAUNCH_ADVISED');
});

test('an old quoting enclave makes a missing configuration into both', async () => {
  const verdict = await verdictOf({ svns: { qe: 2 } });
  assert.equal(verdict.status, 'OUT_OF_DATE_CONFIGURATION_NEEDED');
});

vectors.test('debug, SEPT_VE_DISABLE and a service TD are facts, and refuse nothing here', () => {
  const debug = verdictOfRow(rowWhere(({ sgxDebug, expect }) => sgxDebug === true && expect === 'SW_HARDENING_NEEDED'));
  assert.ok(debug.tee === 'sgx' && (debug.report.attributes.flags & 2n) !== 0n);
  const tdDebug = verdictOfRow(rowWhere((row) => row.tdDebug === true && row.expect === 'OK'));
  assert.ok(tdDebug.tee === 'tdx' && (tdDebug.report.tdAttributes & 1n) !== 0n);
  const septVe = verdictOfRow(rowWhere((row) => row.septVeDisable === false && row.expect === 'OK'));
  assert.equal(septVe.status, 'OK');
  const serviceTd = verdictOfRow(rowWhere((row) => row.mrServiceTdZero === false));
  assert.ok(serviceTd.tee === 'tdx' && !/^0+$/.test(serviceTd.report.mrServiceTd ?? '0'));
});

vectors.test('expired collateral keeps the verdict, and is named', () => {
  const { quote, collateral } = curated('tdx-v4-uptodate');
  const verdict = verifyQuoteSync(quote, parseCollateral(collateral), { roots, now: new Date('2027-01-01') });
  assert.equal(verdict.status, 'OK');
  assert.deepEqual(verdict.collateral.expired, ['rootCrl', 'pckCrl', 'tcbInfo', 'qeIdentity']);
  assert.equal(verdict.collateral.parts.tcbInfo.until, '2025-07-19T10:16:03Z');
});

test('a status without a level is TCB_NOT_SUPPORTED with what is short, not an unknown one', async () => {
  const verdict = await verdictOf({ svns: { component: 0 } });
  assert.equal(verdict.status, 'TCB_NOT_SUPPORTED');
  assert.equal(verdict.qeStatus, 'OK');
  assert.equal(verdict.shortfall[0]?.needs, 3);
});

vectors.test('an out-of-date platform is a verdict that says which SVN is short, in Intel’s words', () => {
  const verdict = verdictOfRow(rowWhere(({ expect, quote }) => expect === 'OUT_OF_DATE' && quote === '4b23198ac885'));
  assert.equal(verdict.status, 'OUT_OF_DATE');
  assert.ok(verdict.shortfall.length > 0);
  assert.ok(verdict.shortfall.every(({ has, needs }) => has < needs));
});

vectors.test('early and standard collateral of one day say by which evaluation number they judge', () => {
  const rows = allRows().filter(({ tcbInfo }) => tcbInfo === 'f3c6070cb9bd' || tcbInfo === '474541f8bfb8');
  const numbers = rows.map((row) => verdictOfRow(row).tcbEvaluationDataNumbers.tcbInfo);
  assert.deepEqual(new Set(numbers), new Set([17, 19]));
});

test('the last second of a revocation list counts, the next does not', async () => {
  const at = (time: string): Promise<QuoteVerdict> => verdictOf({}, new Date(time));
  assert.deepEqual((await at('2026-02-01T00:00:00Z')).collateral.expired, []);
  assert.ok((await at('2026-02-01T00:00:01Z')).collateral.expired.includes('pckCrl'));
  assert.ok((await at('2025-12-31T23:59:59Z')).collateral.notYetValid.includes('pckCrl'));
});

test('the root is pinned by its key: the same names under another key are not it', async () => {
  const { quote, collateral, roots: own } = await makePlatform();
  const [root] = own;
  assert.ok(root !== undefined);
  const verify = (): unknown =>
    verifyQuoteSync(quote, parseCollateral(collateral), {
      roots: [{ ...root, publicKey: toHex(keys.other.point) }],
      now,
    });
  assert.equal(refusal(verify), 'SGX_PCK_CERT_CHAIN_UNTRUSTED');
});

vectors.test('trailing zeros of real services are accepted where that is asked for', () => {
  const { collateral, at } = curated('azure-tdx-v4-module-outofdate');
  const quote = vectors.read('azure-vtpm/attestation-rs/az_tdx/td-quote.bin');
  const verify = (allowTrailingBytes: boolean): QuoteVerdict =>
    verifyQuoteSync(quote, parseCollateral(collateral), { roots, now: at, allowTrailingBytes });
  assert.equal(
    refusal(() => verify(false)),
    'UNSUPPORTED_QUOTE_FORMAT',
  );
  assert.equal(verify(true).status, 'OUT_OF_DATE');
});
