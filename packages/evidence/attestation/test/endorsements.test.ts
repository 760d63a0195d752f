import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { parseCollateral, type QuoteCollateral } from '../src/index.ts';
import { goodQeIdentity, goodTcbInfo, makePlatform, qeLevel, tcbLevel } from './synthetic-platform.ts';

const good = makePlatform().then(({ collateral }) => collateral);

async function refused(change: (good: QuoteCollateral) => unknown, field: string, status: string): Promise<void> {
  const changed = change(await good);
  assert.throws(
    () => parseCollateral(changed),
    (error) => {
      assert.ok(isEnclosError(error, 'ENDORSEMENTS_INVALID'), String(error));
      assert.deepEqual({ ...error.details }, { field, status });
      return true;
    },
  );
}

const required = [
  'pck_crl_issuer_chain',
  'root_ca_crl',
  'pck_crl',
  'tcb_info_issuer_chain',
  'tcb_info',
  'tcb_info_signature',
  'qe_identity_issuer_chain',
  'qe_identity',
  'qe_identity_signature',
] as const;

for (const field of required) {
  test(`collateral without ${field}, or with another type there, is refused`, async () => {
    await refused((collateral) => ({ ...collateral, [field]: undefined }), field, 'MISSING_PARAMETERS');
    await refused((collateral) => ({ ...collateral, [field]: 5 }), field, 'MISSING_PARAMETERS');
  });
}

test('collateral that is no object, or whose text is no strict JSON, is refused', async () => {
  for (const value of [null, undefined, 7, '[]', '7', '{', '{"a":1,"a":2}']) {
    await refused(() => value, 'collateral', 'MISSING_PARAMETERS');
  }
});

test('collateral of 4 MiB of text is read, and of one character more is not', async () => {
  const text = JSON.stringify(await good);
  assert.equal(parseCollateral(text.padEnd(4_194_304)).fmspc, '00a0b0c0d0e0');
  await refused(() => text.padEnd(4_194_305), 'collateral', 'MISSING_PARAMETERS');
});

test('a signed document of 256 KiB is read, and of one character more is not', async () => {
  const collateral = await good;
  for (const [field, status] of [
    ['tcb_info', 'SGX_TCB_INFO_INVALID'],
    ['qe_identity', 'SGX_ENCLAVE_IDENTITY_INVALID'],
  ] as const) {
    parseCollateral({ ...collateral, [field]: collateral[field].padEnd(262_144) });
    await refused(() => ({ ...collateral, [field]: collateral[field].padEnd(262_145) }), field, status);
  }
});

test('null for the chain of the PCK is no chain, and a number is refused', async () => {
  const collateral = await good;
  assert.equal(parseCollateral({ ...collateral, pck_certificate_chain: null }).fmspc, '00a0b0c0d0e0');
  await refused(() => ({ ...collateral, pck_certificate_chain: 7 }), 'pck_certificate_chain', 'MISSING_PARAMETERS');
});

test('malformed chains and lists are refused', async () => {
  await refused(
    (collateral) => ({ ...collateral, pck_certificate_chain: 'x' }),
    'pck_certificate_chain',
    'UNSUPPORTED_CERT_FORMAT',
  );
  await refused(
    (collateral) => ({ ...collateral, tcb_info_issuer_chain: 'x' }),
    'tcb_info_issuer_chain',
    'UNSUPPORTED_CERT_FORMAT',
  );
  await refused(
    (collateral) => ({ ...collateral, qe_identity_issuer_chain: 'x' }),
    'qe_identity_issuer_chain',
    'UNSUPPORTED_CERT_FORMAT',
  );
  await refused(
    (collateral) => ({ ...collateral, pck_crl_issuer_chain: 'x' }),
    'pck_crl_issuer_chain',
    'UNSUPPORTED_CERT_FORMAT',
  );
  for (const crl of ['', '3000', 'xx', '30']) {
    await refused((collateral) => ({ ...collateral, root_ca_crl: crl }), 'root_ca_crl', 'SGX_CRL_UNSUPPORTED_FORMAT');
    await refused((collateral) => ({ ...collateral, pck_crl: crl }), 'pck_crl', 'SGX_CRL_UNSUPPORTED_FORMAT');
  }
});

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

const tcbInfos: readonly (readonly [what: string, change: Record<string, unknown>, status?: string])[] = [
  ['without a version', { version: undefined }, 'SGX_TCB_INFO_UNSUPPORTED_FORMAT'],
  ['without levels', { tcbLevels: undefined }, 'SGX_TCB_INFO_UNSUPPORTED_FORMAT'],
  ['without an id', { id: undefined }, 'SGX_TCB_INFO_UNSUPPORTED_FORMAT'],
  ['of version 1', { version: 1 }],
  ['of version 4', { version: 4 }],
  ['of another TEE', { id: 'SEV' }],
  ['of another type', { tcbType: 1 }],
  ['with a TDX module', { tdxModule: {} }],
  ['with TDX module identities', { tdxModuleIdentities: [] }],
  ['with a short FMSPC', { fmspc: '00A0B0C0D0' }],
  ['with an FMSPC that is no hex', { fmspc: '00A0B0C0D0EX' }],
  ['with a date of another form', { issueDate: '2026-01-01' }],
  ['with a day that does not exist', { nextUpdate: '2026-02-30T00:00:00Z' }],
  ['with a negative number', { tcbEvaluationDataNumber: -1 }],
  ['with a fraction', { tcbEvaluationDataNumber: 1.5 }],
  ['with empty levels', { tcbLevels: [] }],
  ['with two equal levels', { tcbLevels: [tcbLevel(1, 'UpToDate'), tcbLevel(1, 'OutOfDate')] }],
  ['with an unknown status', { tcbLevels: [tcbLevel(1, 'Fine')] }],
  ['with a status named like a method', { tcbLevels: [tcbLevel(1, 'toString')] }],
  [
    'with a component over 255',
    {
      tcbLevels: [
        {
          ...tcbLevel(1, 'UpToDate'),
          tcb: { pcesvn: 1, sgxtcbcomponents: Array.from({ length: 16 }, () => ({ svn: 256 })) },
        },
      ],
    },
  ],
  [
    'with 15 components',
    {
      tcbLevels: [
        {
          ...tcbLevel(1, 'UpToDate'),
          tcb: { pcesvn: 1, sgxtcbcomponents: Array.from({ length: 15 }, () => ({ svn: 1 })) },
        },
      ],
    },
  ],
  ['with an advisory that is no string', { tcbLevels: [{ ...tcbLevel(1, 'UpToDate'), advisoryIDs: [7] }] }],
  ['nested too deeply', { later: nested(33) }],
];

for (const [what, change, status = 'SGX_TCB_INFO_INVALID'] of tcbInfos) {
  test(`TCB info ${what} is refused`, async () => {
    const tcb_info = JSON.stringify({ ...goodTcbInfo, ...change });
    await refused((collateral) => ({ ...collateral, tcb_info }), 'tcb_info', status);
  });
}

test('what is wrong with a document is said with its place in it', async () => {
  const places = [
    ['tcb_info', { ...goodTcbInfo, fmspc: 7 }, 'tcbInfo.fmspc'],
    ['tcb_info', { ...goodTcbInfo, tcbLevels: [{}] }, 'tcbInfo.tcbLevels[0].tcb'],
    ['qe_identity', { ...goodQeIdentity, mrsigner: undefined }, 'enclaveIdentity.mrsigner'],
  ] as const;
  const collateral = await good;
  for (const [field, document, place] of places) {
    assert.throws(
      () => parseCollateral({ ...collateral, [field]: JSON.stringify(document) }),
      (error) => isEnclosError(error, 'ENDORSEMENTS_INVALID') && error.message.startsWith(`${place} is `),
    );
  }
});

const identities: readonly (readonly [what: string, change: Record<string, unknown>, status?: string])[] = [
  ['without an id', { id: undefined }, 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_FORMAT'],
  ['without a signer', { mrsigner: undefined }, 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_FORMAT'],
  ['of version 1', { version: 1 }, 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_VERSION'],
  ['of version 3', { version: 3 }, 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_VERSION'],
  ['of the highest version', { version: 0xffff_ffff }, 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_VERSION'],
  ['of a version that is none', { version: 0x1_0000_0000 }],
  ['of an unknown enclave', { id: 'XE' }],
  ['with a short mask', { attributesMask: 'FF' }],
  ['with empty levels', { tcbLevels: [] }],
  ['with two equal levels', { tcbLevels: [qeLevel(1, 'UpToDate'), qeLevel(1, 'OutOfDate')] }],
  ['with a status that only platforms have', { tcbLevels: [qeLevel(1, 'ConfigurationNeeded')] }],
  ['with an ISVSVN over 65535', { tcbLevels: [{ ...qeLevel(1, 'UpToDate'), tcb: { isvsvn: 65_536 } }] }],
  ['nested too deeply', { later: nested(33) }],
];

for (const [what, change, status = 'SGX_ENCLAVE_IDENTITY_INVALID'] of identities) {
  test(`a QE identity ${what} is refused`, async () => {
    const qe_identity = JSON.stringify({ ...goodQeIdentity, ...change });
    await refused((collateral) => ({ ...collateral, qe_identity }), 'qe_identity', status);
  });
}

test('duplicate names in signed JSON are refused', async () => {
  const twice = (body: string): string => body.replace('{', '{"version":3,');
  await refused(
    (collateral) => ({ ...collateral, tcb_info: twice(collateral.tcb_info) }),
    'tcb_info',
    'SGX_TCB_INFO_INVALID',
  );
  await refused(
    (collateral) => ({ ...collateral, qe_identity: twice(collateral.qe_identity) }),
    'qe_identity',
    'SGX_ENCLAVE_IDENTITY_INVALID',
  );
});

test('a signature that is not 64 bytes is refused', async () => {
  for (const signature of ['', 'ab', 'xx'.repeat(64)]) {
    await refused(
      (collateral) => ({ ...collateral, tcb_info_signature: signature }),
      'tcb_info',
      'SGX_TCB_INFO_INVALID',
    );
    await refused(
      (collateral) => ({ ...collateral, qe_identity_signature: signature }),
      'qe_identity',
      'SGX_ENCLAVE_IDENTITY_INVALID',
    );
  }
});

test('parsed collateral shows facts, and nothing that verification rests on', async () => {
  const endorsements = parseCollateral(await good);
  assert.deepEqual(
    { ...endorsements },
    { fmspc: '00a0b0c0d0e0', tcbEvaluationDataNumber: 17, nextUpdate: '2026-02-01T00:00:00Z' },
  );
  assert.ok(Object.isFrozen(endorsements));
  assert.equal(Reflect.ownKeys(endorsements).length, 3);
});

test('the evaluation number is the lower one of the two documents', async () => {
  for (const changes of [
    { tcbInfo: (value: object) => ({ ...value, tcbEvaluationDataNumber: 5 }) },
    { qeIdentity: (value: object) => ({ ...value, tcbEvaluationDataNumber: 5 }) },
  ]) {
    const { collateral } = await makePlatform(changes);
    assert.equal(parseCollateral(collateral).tcbEvaluationDataNumber, 5);
  }
});

test('the next update is that of the document that ends first', async () => {
  for (const changes of [
    { rootCrl: { nextUpdate: new Date('2026-01-20T00:00:00Z') } },
    { pckCrl: { nextUpdate: new Date('2026-01-20T00:00:00Z') } },
    { tcbInfo: (value: object) => ({ ...value, nextUpdate: '2026-01-20T00:00:00Z' }) },
    { qeIdentity: (value: object) => ({ ...value, nextUpdate: '2026-01-20T00:00:00Z' }) },
  ]) {
    const { collateral } = await makePlatform(changes);
    assert.equal(parseCollateral(collateral).nextUpdate, '2026-01-20T00:00:00Z');
  }
});
