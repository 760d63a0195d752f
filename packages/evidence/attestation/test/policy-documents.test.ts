import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isEnclosError } from '@enclos/errors';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parsePolicy, type SgxPolicy, type SnpPolicy, type TdxPolicy } from '../src/index.ts';
import { sgxRules, tdxRules } from '../src/policy/policy-rules.ts';
import { policySchemaDocument } from './schema/policy-schema.ts';
import { snpRules } from '../src/policy/snp-policy.ts';

/** The type with every rule that it has, so that one which is forgotten below does not compile. */
type Every<T> = { readonly [K in keyof T]-?: T[K] };

const hexes = (sizeBytes: number): readonly string[] => [`aB${'00'.repeat(sizeBytes - 1)}`];
const ofQuotes = {
  $schema: './policy.schema.json',
  acceptedStatuses: ['OK', 'OUT_OF_DATE'],
  intelRoot: true,
  softwareRoots: hexes(32),
  acceptedAdvisoryIds: ['A', { id: 'B', until: '2027-01-01T00:00:00Z' }],
  refusedAdvisoryIds: [{ id: 'C', until: '2027-01-01T00:00:00.000Z' }],
  allowDebug: false,
  expiredCollateralGraceMs: { default: 1, rootCertificate: 2, tcbInfo: 3 },
  maximumCollateralAgeMs: { rootCrl: 1, pckCrl: 2 },
  allowNotYetValid: false,
  timeFloor: '2026-01-01T00:00:00Z',
  minimumTcbEvaluationDataNumber: 18,
} as const;

/** A policy of every TEE with every rule. */
const full = {
  sgx: {
    tee: 'sgx',
    ...ofQuotes,
    mrEnclave: hexes(32),
    mrSigner: hexes(32),
    productId: 1,
    minimumSecurityVersion: 2,
    extendedProductId: hexes(16),
    familyId: hexes(16),
    configId: hexes(64),
    minimumConfigSecurityVersion: 3,
  } satisfies Every<SgxPolicy>,
  tdx: {
    tee: 'tdx',
    ...ofQuotes,
    mrTd: hexes(48),
    rtmr0: hexes(48),
    rtmr1: 'any',
    rtmr2: hexes(48),
    rtmr3: 'any',
    mrSeam: hexes(48),
    mrServiceTd: hexes(48),
    mrConfigId: hexes(48),
    mrOwner: hexes(48),
    mrOwnerConfig: hexes(48),
    requireSeptVeDisable: true,
  } satisfies Every<TdxPolicy>,
  'sev-snp': {
    tee: 'sev-snp',
    $schema: './policy.schema.json',
    measurements: hexes(48),
    minimumGuestSvn: 1,
    vmpl: 0,
    roots: hexes(32),
    signingKeys: ['VCEK', 'VLEK'],
    cspIds: ['CN=provider.example'],
    chipIds: [...hexes(64), '00'.repeat(8)],
    minimumTcb: {
      Milan: { bootloader: 1, tee: 2, snp: 3, microcode: 4 },
      Genoa: { bootloader: 1, tee: 2, snp: 3, microcode: 4 },
      Turin: { bootloader: 1, tee: 2, snp: 3, microcode: 4, fmc: 5 },
    },
    minimumReportVersion: 3,
    allowSmt: true,
    allowMultipleSockets: true,
    allowDebug: false,
    allowMigrationAgent: false,
    allowCxl: false,
    minimumGuestAbi: { major: 1, minor: 55 },
    requiredProtections: [
      'memoryAes256Xts',
      'raplDisabled',
      'ciphertextHiding',
      'pageSwapDisabled',
      'aliasCheckComplete',
    ],
    hostData: hexes(32),
    idKeyDigests: hexes(48),
    authorKeyDigests: hexes(48),
    familyIds: hexes(16),
    imageIds: hexes(16),
    allowUncheckedRevocation: false,
    expiredCollateralGraceMs: { default: 1, signingKeyCertificate: 2, revocationList: 3 },
    maximumCollateralAgeMs: { revocationList: 1 },
    allowNotYetValid: false,
    timeFloor: '2026-01-01T00:00:00Z',
  } satisfies Every<SnpPolicy>,
} as const;
const tables = { sgx: sgxRules, tdx: tdxRules, 'sev-snp': snpRules } as const;
type Tee = keyof typeof full;
/** What is not required by itself, but goes with another rule of the documents above. */
const neededByOthers = ['productId', 'cspIds'];
const tees = ['sgx', 'tdx', 'sev-snp'] as const satisfies readonly Tee[];

const matchesSchema = new Ajv2020({ strict: true, strictRequired: false }).compile(
  JSON.parse(JSON.stringify(policySchemaDocument())) as object,
);

/** Whether the reader takes a document, as text; the schema must say the same. */
function accepts(document: unknown): boolean {
  const text = JSON.stringify(document);
  const bySchema = matchesSchema(JSON.parse(text));
  assert.equal(isRead(text), bySchema, text);
  return bySchema;
}

function isRead(text: string): boolean {
  try {
    parsePolicy(text);
    return true;
  } catch (error) {
    if (isEnclosError(error, 'APPRAISAL_REFUSED') || isEnclosError(error, 'CODEC_INVALID')) return false;
    throw error;
  }
}

interface Alternative {
  readonly properties: Readonly<Record<string, object>>;
  readonly required: readonly string[];
}

function alternativeOf(tee: Tee): Alternative {
  // The test below looks at its parts.
  const alternatives = policySchemaDocument()['anyOf'] as readonly Alternative[];
  const found = alternatives.find(({ properties }) => Reflect.get(properties['tee'] ?? {}, 'const') === tee);
  assert.ok(found !== undefined, tee);
  return found;
}

/** The document with one more member in one of the objects in it, for each of them. */
function withAnother(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const changed = Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    withAnother(inner, name).map((other) =>
      Array.isArray(value) ? value.map((item: unknown) => (item === inner ? other : item)) : { ...value, [key]: other },
    ),
  );
  return Array.isArray(value) ? changed : [...changed, { ...value, [name]: 1 }];
}

for (const tee of tees) {
  const document: Readonly<Record<string, unknown>> = full[tee];

  test(`types, reader and schema have the same rules for ${tee}`, () => {
    const names = Object.keys(document).sort();
    assert.deepEqual(Object.keys(tables[tee]).sort(), names);
    assert.deepEqual(Object.keys(alternativeOf(tee).properties).sort(), names);
    assert.ok(accepts(document));
  });

  test(`a rule that is left out of a policy for ${tee} is missed by reader and schema, or by neither`, () => {
    const { required } = alternativeOf(tee);
    for (const name of Object.keys(document)) {
      const others = Object.fromEntries(Object.entries(document).filter(([key]) => key !== name));
      const isNeeded = required.includes(name) || neededByOthers.includes(name);
      assert.equal(accepts(others), !isNeeded, name);
    }
  });

  test(`an unknown rule in a policy for ${tee} is refused by reader and schema, however deep`, () => {
    for (const name of ['typo', 'toString', 'mrenclave']) {
      const documents = withAnother(document, name);
      assert.ok(documents.length >= 4);
      for (const other of documents) assert.ok(!accepts(other), JSON.stringify(other));
    }
  });

  test(`a policy for ${tee} has no rule of another TEE`, () => {
    for (const other of tees.filter((name) => name !== tee)) {
      const rules: Readonly<Record<string, unknown>> = full[other];
      for (const name of Object.keys(rules).filter((key) => !Object.hasOwn(document, key))) {
        assert.ok(!accepts({ ...document, [name]: rules[name] }), name);
      }
    }
  });

  test(`arbitrary rules of a policy for ${tee}: reader and schema agree`, () => {
    const change = fc.dictionary(fc.constantFrom(...Object.keys(document)), fc.jsonValue({ maxDepth: 3 }));
    const small = fc.constantFrom<unknown>(0, 1, 255, 256, -1, 0.5, true, '', 'any', [], ['OK'], ['VCEK'], {}, null);
    const other = fc.dictionary(fc.constantFrom(...Object.keys(document)), small, { maxKeys: 2 });
    fc.assert(
      fc.property(fc.oneof(change, other), (changes) => void accepts({ ...document, ...changes })),
      { numRuns: 500 },
    );
  });
}

const { sgx, tdx, 'sev-snp': snp } = full;
const snpTcb = snp.minimumTcb;

/** Each: a document, and whether it is a policy. */
const edges: readonly (readonly [what: string, document: object, isPolicy: boolean])[] = [
  ['no TEE, of an enclave', without(sgx, 'tee'), true],
  ['no TEE, of a trust domain', without(tdx, 'tee'), false],
  ['no TEE, of a guest', without(snp, 'tee'), false],
  ['an unknown TEE', { ...snp, tee: 'snp' }, false],
  ['another TEE', { ...snp, tee: 'tdx' }, false],
  ['an enclave neither by measurement nor by signer', without(sgx, 'mrEnclave', 'mrSigner'), false],
  ['an enclave by its measurement', without(sgx, 'mrSigner', 'productId'), true],
  ['no root', { ...tdx, intelRoot: false, softwareRoots: [] }, false],
  ['a software root only', { ...tdx, intelRoot: false }, true],
  ['no root of Intel and no other', without({ ...tdx, intelRoot: false }, 'softwareRoots'), false],
  ['a VCEK without a provider', without({ ...snp, signingKeys: ['VCEK'] }, 'cspIds'), true],
  ['a VLEK without a provider', without({ ...snp, signingKeys: ['VLEK'] }, 'cspIds'), false],
  ['a TCB of no product', { ...snp, minimumTcb: {} }, false],
  ['a TCB without a component', { ...snp, minimumTcb: { Milan: without(snpTcb.Milan, 'tee') } }, false],
  ['a TCB of Milan with an FMC', { ...snp, minimumTcb: { Milan: snpTcb.Turin } }, false],
  ['a TCB of Turin without an FMC', { ...snp, minimumTcb: { Turin: snpTcb.Milan } }, false],
  ['a component over a byte', { ...snp, minimumTcb: { Milan: { ...snpTcb.Milan, snp: 256 } } }, false],
  ['a TCB of another product', { ...snp, minimumTcb: { ...snpTcb, Naples: snpTcb.Milan } }, false],
  ['an ABI without a minor version', { ...snp, minimumGuestAbi: { major: 1 } }, false],
  ['an unknown protection', { ...snp, requiredProtections: ['debugAllowed'] }, false],
  ['a chip id of 32 bytes', { ...snp, chipIds: hexes(32) }, false],
  ['a duration for a part of quotes', { ...snp, expiredCollateralGraceMs: { pckCrl: 1 } }, false],
  ['an age for a certificate', { ...snp, maximumCollateralAgeMs: { rootCertificate: 1 } }, false],
  ['VMPL 4', { ...snp, vmpl: 4 }, false],
  ['a list', [snp], false],
];

for (const [what, document, isPolicy] of edges) {
  test(`${isPolicy ? 'a policy' : 'no policy'}: ${what}`, () => {
    assert.equal(accepts(document), isPolicy);
  });
}

test('a day that no calendar has is for the reader alone: a pattern does not know it', () => {
  for (const document of [sgx, tdx, snp]) {
    const text = JSON.stringify({ ...document, timeFloor: '2026-13-01T00:00:00Z' });
    assert.ok(matchesSchema(JSON.parse(text)));
    assert.ok(!isRead(text));
  }
});

test('what is parsed has the type that was given, or is told apart by its TEE', () => {
  const minimal = without(snp, 'timeFloor');
  const guest: SnpPolicy = parsePolicy({ ...minimal, timeFloor: new Date('2026-01-01T00:00:00Z') });
  const enclave: SgxPolicy = parsePolicy(sgx);
  const domain: TdxPolicy = parsePolicy(tdx);
  assert.deepEqual([enclave.tee, domain.tee, guest.tee], tees);
  const read = parsePolicy(JSON.stringify(snp));
  assert.ok(read.tee === 'sev-snp' && read.minimumTcb.Turin?.fmc === 5);
});

test('a policy without its TEE is told which one it needs', () => {
  for (const [document, expected] of [
    [tdx, /^"tdx", because mrTd is given$/],
    [snp, /^"sev-snp", because measurements is given$/],
  ] as const) {
    assert.throws(
      () => parsePolicy(without(document, 'tee')),
      (error) => {
        assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'));
        assert.equal(error.details['field'], 'tee');
        assert.match(String(error.details['expected']), expected);
        return true;
      },
    );
  }
});

const root = fileURLToPath(new URL('../../../../../', import.meta.url));

/** README.md and docs/ of the repository and of each workspace in these folders. */
function pages(): readonly string[] {
  const below = (folder: string): readonly string[] =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(folder, name));
  const rooms = ['packages', 'apps', 'samples'].flatMap((name) => below(join(root, name)));
  return [root, ...rooms, ...rooms.flatMap(below)]
    .flatMap((folder) => {
      const docs = join(folder, 'docs');
      const names = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: 'utf8' }) : [];
      return [join(folder, 'README.md'), ...names.map((name) => join(docs, name))];
    })
    .filter((page) => page.endsWith('.md') && existsSync(page));
}

const members = ['acceptedStatuses', 'mrEnclave', 'mrSigner', 'mrTd', 'measurements', 'minimumTcb'];

test('every policy in the documents is one, by reader and schema, and there is one for each TEE', () => {
  const found = new Set<unknown>();
  for (const page of pages()) {
    const text = readFileSync(page, 'utf8');
    for (const [, block = ''] of text.matchAll(/^```json[^\n]*\n([^]*?)^```/gm)) {
      if (!members.some((name) => block.includes(`"${name}"`))) continue;
      const document = JSON.parse(block) as Readonly<Record<string, unknown>>;
      // Reference values have such members too, further inside.
      if (!members.some((name) => name in document)) continue;
      assert.ok(accepts(document), `${page}: ${block}`);
      found.add(document['tee'] ?? 'sgx');
    }
  }
  assert.deepEqual([...found].map(String).sort(), ['sev-snp', 'sgx', 'tdx']);
});

function without<T extends object, K extends keyof T>(value: T, ...names: readonly K[]): Omit<T, K> {
  const left: ReadonlySet<PropertyKey> = new Set(names);
  // Object.entries forgets the types of the members.
  return Object.fromEntries(Object.entries(value).filter(([name]) => !left.has(name))) as Omit<T, K>;
}
