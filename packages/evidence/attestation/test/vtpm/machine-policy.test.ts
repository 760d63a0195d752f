import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { azureSnpScenario, azureTdxScenario, exampleTdReport } from '@enclos/evidence-kit';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import {
  appraiseAzureMachine,
  isVerifiedAzureEvidence,
  parseAzureDocument,
  parseAzurePolicy,
  parseCollateral,
  parseSnpCollateral,
  softwareRoot,
  unbound,
  verifyQuote,
  type AzureMachinePolicy,
  type AzureVerdict,
  type QuoteVerdict,
  type SnpVerdict,
} from '../../src/index.ts';
import { verifyAzureSnpSync, verifyAzureTdxSync } from '../../src/node.ts';
import { policySchemaDocument } from '../schema/policy-schema.ts';
import { machineRules } from '../../src/policy/azure-policy.ts';
import { azurePolicySchemaDocument } from '../schema/azure-policy-schema.ts';
import { nonce, pcrValues, sha256 } from './synthetic-vtpm.ts';

const pcr7 = toHex(pcrValues[7] ?? new Uint8Array());

interface WithHardware {
  readonly hardware: object;
}

async function tdxMachine(): Promise<{ verdict: AzureVerdict<QuoteVerdict>; policy: WithHardware; now: Date }> {
  const { document, tdx } = azureTdxScenario();
  const read = parseAzureDocument(document);
  assert.ok(read.hardware === 'tdx');
  const root = await softwareRoot(tdx.root.certificate);
  const options = { roots: [root], now: tdx.at, allowTrailingBytes: true };
  const hardware = await verifyQuote(read.tdQuote, parseCollateral(tdx.collateral), options);
  const verdict = verifyAzureTdxSync(read, { tdQuote: read.tdQuote, verifyTdQuote: () => hardware });
  const policy = {
    tee: 'azure-vtpm',
    pcrs: { 7: [pcr7] },
    requireSecureBoot: true,
    hardware: {
      tee: 'tdx',
      acceptedStatuses: ['OK'],
      intelRoot: false,
      softwareRoots: [root.fingerprint],
      mrTd: [toHex(exampleTdReport.mrTd)],
      rtmr0: 'any',
      rtmr1: 'any',
      rtmr2: 'any',
      rtmr3: 'any',
      requireSeptVeDisable: false,
    },
  };
  return { verdict, policy, now: tdx.at };
}

function snpMachine(): { verdict: AzureVerdict<SnpVerdict>; policy: WithHardware; now: Date } {
  const { document, snp } = azureSnpScenario();
  const { leaf, ask, ark, crl, at, product, rootPublicKey } = snp;
  const endorsements = parseSnpCollateral({
    signingKeyCertificate: leaf,
    certificateChain: [ask, ark],
    revocationList: crl,
  });
  const fingerprint = toHex(sha256(Buffer.from(rootPublicKey, 'hex')));
  const roots = [{ product, publicKey: rootPublicKey, fingerprint }];
  const verdict = verifyAzureSnpSync(parseAzureDocument(document), endorsements, { roots, now: at });
  const policy = {
    tee: 'azure-vtpm',
    pcrs: { 7: [pcr7] },
    requireSecureBoot: true,
    hardware: {
      tee: 'sev-snp',
      measurements: [verdict.hardware.report.measurement],
      minimumGuestSvn: 0,
      vmpl: 0,
      roots: [fingerprint],
      signingKeys: ['VCEK'],
      minimumTcb: { Milan: { bootloader: 0, tee: 0, snp: 0, microcode: 0 } },
      allowSmt: true,
      allowMultipleSockets: true,
    },
  };
  return { verdict, policy, now: at };
}

const enclavePolicy = {
  tee: 'sgx',
  mrEnclave: ['00'.repeat(32)],
  minimumSecurityVersion: 0,
  acceptedStatuses: ['OK'],
  intelRoot: true,
};

const machines = { snp: snpMachine(), tdx: await tdxMachine() };

function appraised(name: keyof typeof machines, change: object = {}, binding: object = { nonce }): unknown {
  const { verdict, policy, now } = machines[name];
  // Untyped on purpose: the run-time checks are what these tests are for.
  const rules = { ...policy, ...change } as AzureMachinePolicy;
  return appraiseAzureMachine(verdict, rules, binding as { nonce: Uint8Array }, { now });
}

function refusal(judge: () => unknown): string {
  try {
    judge();
    return 'accepted';
  } catch (error) {
    if (!isEnclosError(error, 'APPRAISAL_REFUSED')) throw error;
    return String(error.details['field']);
  }
}

test('one policy appraises vTPM and hardware', () => {
  for (const [name, tee] of [
    ['snp', 'sev-snp'],
    ['tdx', 'tdx'],
  ] as const) {
    const evidence = appraised(name);
    assert.ok(isVerifiedAzureEvidence(evidence));
    assert.deepEqual(evidence.binding, { kind: 'nonce' });
    assert.equal((evidence.hardware as { tee: string }).tee, tee);
    const loose = appraised(name, {}, unbound('a test'));
    assert.ok(isVerifiedAzureEvidence(loose) && loose.binding.kind === 'unbound');
  }
});

const hardware = (change: object): object => ({ hardware: { ...machines.snp.policy.hardware, ...change } });

test('each part refuses by its own rules, and those of the hardware are named as its own', () => {
  const cases: readonly (readonly [field: string, change: object, binding?: object])[] = [
    ['pcrs.7', { pcrs: { 7: ['00'.repeat(32)] } }],
    ['userData', { userData: ['00'.repeat(64)] }],
    ['binding', {}, { nonce: nonce.subarray(1) }],
    ['hardware.measurements', hardware({ measurements: ['00'.repeat(48)] })],
    ['hardware.tee', { hardware: machines.tdx.policy.hardware }],
  ];
  for (const [field, change, binding] of cases) {
    assert.equal(
      refusal(() => appraised('snp', change, binding)),
      field,
    );
    assert.equal(
      refusal(() => parseAzurePolicy({ ...machines.snp.policy, ...change })),
      'accepted',
    );
  }
  const td = { ...machines.tdx.policy.hardware, mrTd: ['00'.repeat(48)] };
  assert.equal(
    refusal(() => appraised('tdx', { hardware: td })),
    'hardware.mrTd',
  );
  assert.equal(
    refusal(() => appraised('tdx', { hardware: machines.snp.policy.hardware })),
    'hardware.tee',
  );
});

test('a policy for other hardware is told from one that is malformed', () => {
  for (const [name, other, expected, got] of [
    ['snp', 'tdx', 'tdx', 'sev-snp'],
    ['tdx', 'snp', 'sev-snp', 'tdx'],
  ] as const) {
    assert.throws(
      () => appraised(name, { hardware: machines[other].policy.hardware }),
      (error) => {
        assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'));
        assert.deepEqual({ ...error.details }, { field: 'hardware.tee', expected, got });
        return true;
      },
    );
  }
});

test('a mistake of the caller is no refusal of the hardware', () => {
  const { verdict, policy } = machines.snp;
  assert.throws(
    () => appraiseAzureMachine(verdict, parseAzurePolicy(policy), { nonce }, { now: new Date(Number.NaN) }),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED') && error.message === 'options.now is not a valid Date.',
  );
});

test('a rule without a value is refused when a policy is parsed, and one that changes is not read twice', () => {
  const { policy } = machines.snp;
  assert.equal(
    refusal(() => parseAzurePolicy({ ...policy, userData: undefined })),
    'userData',
  );
  let reads = 0;
  const changing = Object.defineProperty({ ...policy }, 'requireSecureBoot', {
    enumerable: true,
    get: () => (++reads > 1 ? 'whatever' : true),
  });
  assert.equal(
    refusal(() => parseAzurePolicy(changing)),
    'requireSecureBoot',
  );
});

test('a malformed policy refuses when it is parsed, and when it is used', () => {
  const cases: readonly (readonly [field: string, change: object])[] = [
    ['hardware.tee', { hardware: enclavePolicy }],
    ['hardware.tee', hardware({ tee: 'azure-vtpm' })],
    ['hardware.vmpl', hardware({ vmpl: undefined })],
    ['hardware.vmpl', hardware({ vmpl: 4 })],
    ['hardware.anything', hardware({ anything: 1 })],
    ['hardware', { hardware: undefined }],
    ['hardware', { hardware: [] }],
    ['tee', { tee: 'sev-snp' }],
    ['anything', { anything: 1 }],
  ];
  for (const [field, change] of cases) {
    for (const judge of [parseAzurePolicy, () => appraised('snp', change)]) {
      assert.equal(
        refusal(() => judge({ ...machines.snp.policy, ...change })),
        field,
      );
    }
  }
  for (const missing of ['tee', 'pcrs', 'requireSecureBoot', 'hardware']) {
    const { [missing]: _, ...rest } = machines.snp.policy as WithHardware & Record<string, unknown>;
    assert.equal(
      refusal(() => parseAzurePolicy(rest)),
      missing,
    );
  }
});

test('a refusal of the hardware says so, and keeps what was expected and got', () => {
  assert.throws(
    () => appraised('snp', hardware({ measurements: ['00'.repeat(48)] })),
    (error) => {
      assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'));
      assert.match(
        error.message,
        /^The hardware policy: The policy does not accept this evidence: rule measurements\.$/,
      );
      const { expected, got } = error.details;
      assert.deepEqual([expected, got], [['00'.repeat(48)], machines.snp.verdict.hardware.report.measurement]);
      return true;
    },
  );
});

test('a parsed policy is frozen data', () => {
  for (const name of ['snp', 'tdx'] as const) {
    const { policy } = machines[name];
    const parsed = parseAzurePolicy({ ...policy, $schema: './azure-policy.schema.json' });
    assert.deepEqual(JSON.parse(JSON.stringify(parsed)), { $schema: './azure-policy.schema.json', ...policy });
    assert.ok(Object.isFrozen(parsed) && Object.isFrozen(parsed.pcrs) && Object.isFrozen(parsed.hardware));
    assert.ok(Object.isFrozen(parsed.pcrs[7]));
    assert.ok(isVerifiedAzureEvidence(appraised(name, parsed)));
  }
});

test('the published JSON Schema is the one that the code makes', () => {
  // To renew it, write JSON.stringify(azurePolicySchemaDocument(), null, 2) there and format it.
  const published = readFileSync(new URL('../../../schema/azure-policy.schema.json', import.meta.url), 'utf8');
  assert.deepEqual(JSON.parse(published), JSON.parse(JSON.stringify(azurePolicySchemaDocument())));
});

test('the schema accepts what the code accepts, and refuses what the code refuses', () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(policySchemaDocument(), 'policy.schema.json');
  const isValid = ajv.compile(azurePolicySchemaDocument());
  const { snp, tdx } = machines;
  const variants: readonly object[] = [
    snp.policy,
    tdx.policy,
    { ...snp.policy, tee: 'sev-snp' },
    { ...snp.policy, pcrs: {} },
    { ...snp.policy, pcrs: { 24: [pcr7] } },
    { ...snp.policy, pcrs: { 7: [pcr7.slice(2)] } },
    { ...snp.policy, userData: ['00'.repeat(64)], vmUniqueIds: ['a'], allowConsole: true, $schema: 's' },
    { ...snp.policy, userData: [] },
    { ...snp.policy, anything: 1 },
    { ...snp.policy, hardware: { ...snp.policy.hardware, tee: undefined } },
    { ...snp.policy, hardware: { ...snp.policy.hardware, vmpl: 4 } },
    { ...snp.policy, hardware: enclavePolicy },
    ...['tee', 'pcrs', 'requireSecureBoot', 'hardware'].map((name) => ({ ...snp.policy, [name]: undefined })),
  ];
  const verdicts = variants.map((variant) => {
    const written: unknown = JSON.parse(JSON.stringify(variant));
    const byCode = refusal(() => parseAzurePolicy(written)) === 'accepted';
    assert.equal(isValid(written), byCode, JSON.stringify(written));
    return byCode;
  });
  assert.equal(verdicts.filter(Boolean).length, 3);
});

test('docs/azure-evidence.md has every rule in its table, and no other', () => {
  const page = readFileSync(new URL('../../../docs/azure-evidence.md', import.meta.url), 'utf8');
  const [, table = ''] = page.split('## The policy for a machine');
  const cells = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(new Set(cells), new Set(Object.keys(machineRules).filter((name) => name !== '$schema')));
});

test('arbitrary policies are accepted or refused by a rule, and throw nothing else', () => {
  const names = ['tee', 'pcrs', 'requireSecureBoot', 'hardware', 'userData', 'vmUniqueIds', '$schema'];
  const change = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });
  fc.assert(
    fc.property(change, (changes) => {
      assert.equal(typeof refusal(() => appraised('snp', changes)), 'string');
      assert.equal(typeof refusal(() => parseAzurePolicy({ ...machines.tdx.policy, ...changes })), 'string');
    }),
    { numRuns: 300 },
  );
});
