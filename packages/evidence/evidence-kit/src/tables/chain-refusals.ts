import { derOctetString, derSequence, derValue } from '@enclos/codec';
import {
  added,
  authorityKeyIdentifier,
  basicConstraints,
  ExtensionId,
  keyUsage,
  replaced,
  twice,
  withCritical,
  without,
  type Extension,
} from '../pki/extensions.ts';
import { signatureAlgorithm } from '../pki/certificate.ts';
import { keyRing } from '../pki/keys.ts';
import { CommonName, distinguishedName, nameAttributes } from '../pki/name.ts';
import type { CertificateChanges, Role, ScenarioChanges } from '../scenario/changes.ts';
import { scenario } from '../scenario/scenario.ts';
import type { RefusalStatus } from '../scenario/statuses.ts';
import { refusal, strictRefusal, type RefusalScenario, type RuleGroup } from './refusal-scenario.ts';

const foreignKey = keyRing('a foreign key').key('foreign');
const printable = (commonName: string): Uint8Array => distinguishedName(nameAttributes(commonName), 'printable');

/** Changes to one role; `what` becomes part of the name. */
type BrokenCertificate = readonly [what: string, changes: CertificateChanges];

const requiredExtensions = [
  'authorityKeyIdentifier',
  'crlDistributionPoints',
  'subjectKeyIdentifier',
  'keyUsage',
  'basicConstraints',
] as const;

const missing: readonly BrokenCertificate[] = requiredExtensions.map((name) => [
  `without ${name}`,
  { extensions: without(ExtensionId[name]) },
]);

const notAnAuthority: readonly BrokenCertificate[] = [
  ['that is not an authority', { extensions: replaced(basicConstraints({ ca: false })) }],
  ['that may not sign certificates', { extensions: replaced(keyUsage('cRLSign')) }],
  ['that may not sign lists', { extensions: replaced(keyUsage('keyCertSign')) }],
];

const notAnEndEntity: readonly BrokenCertificate[] = [
  ['that is an authority', { extensions: replaced(basicConstraints({ ca: true, pathLength: 0 })) }],
  ['that may sign certificates', { extensions: replaced(keyUsage('digitalSignature', 'keyCertSign')) }],
  ['that may not sign', { extensions: replaced(keyUsage('nonRepudiation')) }],
  ['with a path length and no authority', { extensions: replaced(basicConstraints({ ca: false, pathLength: 0 })) }],
];

/** What no certificate may be, whatever its role: it cannot be read. */
const unreadable: readonly BrokenCertificate[] = [
  ['with an extension twice', { extensions: twice(ExtensionId.keyUsage) }],
  [
    'with an unknown critical extension',
    { extensions: added({ id: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }) },
  ],
  ['of version 1', { version: 1, extensions: () => [] }],
  ['without extensions', { extensions: () => [] }],
  ['with a key on P-384', { curve: 'P-384' }],
  ['that names another algorithm inside than outside', { outerAlgorithm: signatureAlgorithm('P-384') }],
];

const roleNames: Readonly<Record<Role, string>> = {
  root: 'root',
  intermediate: 'PCK CA',
  pck: 'PCK certificate',
  tcbSigner: 'TCB signing certificate',
  identitySigner: 'signing certificate of the identity',
};

function each(
  make: typeof refusal,
  [group, role, status]: readonly [RuleGroup, Role, RefusalStatus],
  broken: readonly BrokenCertificate[],
): readonly RefusalScenario[] {
  return broken.map(([what, changes]) =>
    make(group, `a ${roleNames[role]} ${what}`, status, { certificates: { [role]: changes } }),
  );
}

/** Signed by another key, and signed by the right key for another name: of the same text, and of another. */
function wrongIssuer(group: RuleGroup, role: Role, status: RefusalStatus, issuer: string): readonly RefusalScenario[] {
  return [
    ...each(refusal, [group, role, status], [['signed by another key', { signedBy: 'other' }]]),
    ...each(refusal, [group, role, status], [['that names another issuer', { issuer: `${issuer} 2` }]]),
    ...each(refusal, [group, role, status], [['that names its issuer in other bytes', { issuer: printable(issuer) }]]),
  ];
}

const shape: readonly RefusalScenario[] = [
  refusal('pck-chain', 'two certificates', 'UNSUPPORTED_CERT_FORMAT', { pckChain: (good) => good.slice(0, 2) }),
  refusal('pck-chain', 'the root is missing, the leaf is there twice', 'SGX_ROOT_CA_MISSING', {
    pckChain: ([leaf, ca]) => [leaf, ca, leaf].flatMap((der) => der ?? []),
  }),
  refusal('pck-chain', 'four certificates', 'UNSUPPORTED_CERT_FORMAT', {
    pckChain: (good) => [...good, ...good.slice(2)],
  }),
  refusal('pck-chain', 'the root twice, and no PCK CA', 'SGX_INTERMEDIATE_CA_MISSING', {
    pckChain: ([leaf, , top]) => [leaf, top, top].flatMap((der) => der ?? []),
  }),
  refusal('pck-chain', 'the leaf twice, and no PCK CA', 'SGX_INTERMEDIATE_CA_MISSING', {
    pckChain: ([leaf, , top]) => [leaf, leaf, top].flatMap((der) => der ?? []),
  }),
  refusal('pck-chain', 'the PCK CA twice, and no leaf', 'SGX_PCK_MISSING', {
    pckChain: ([, ca, top]) => [ca, ca, top].flatMap((der) => der ?? []),
  }),
  refusal('pck-chain', 'the root of another vendor, in another order', 'SGX_INTERMEDIATE_CA_INVALID_ISSUER', {
    pckChain: ([leaf, ca]) => [...foreignSigningChain().slice(1), leaf, ca].flatMap((der) => der ?? []),
  }),
  refusal('pck-chain', 'a root of another name', 'SGX_ROOT_CA_MISSING', {
    certificates: { root: { subject: 'Root', issuer: 'Root' }, intermediate: { issuer: 'Root' } },
  }),
  refusal('pck-chain', 'a root that names another issuer', 'SGX_ROOT_CA_MISSING', {
    certificates: { root: { issuer: `${CommonName.root} 2` } },
  }),
  refusal('pck-chain', 'a PCK CA of another name', 'SGX_INTERMEDIATE_CA_MISSING', {
    certificates: { intermediate: { subject: 'Intel SGX PCK' }, pck: { issuer: 'Intel SGX PCK' } },
  }),
  refusal('pck-chain', 'a PCK certificate of another name', 'SGX_PCK_MISSING', {
    certificates: { pck: { subject: 'Intel SGX Certificate' } },
  }),
  refusal('pck-chain', 'a self-made root of the right name', 'SGX_PCK_CERT_CHAIN_UNTRUSTED', {
    certificates: { root: { key: 'other', signedBy: 'other' }, intermediate: { signedBy: 'other' } },
  }),
];

const sgxExtensions: readonly (readonly [string, ScenarioChanges['sgxExtension'] & object])[] = [
  ['with a byte after it', { value: (good) => Uint8Array.of(...good, 0) }],
  ['that is empty', { value: () => derSequence() }],
  ...['.1', '.2', '.3', '.4', '.5'].map((id): readonly [string, ScenarioChanges['sgxExtension'] & object] => [
    `without ${id}`,
    { entries: (good) => good.filter((entry) => entry.id !== id) },
  ]),
  ['with 15 components', { tcb: (good) => good.filter(({ id }) => id !== '.2.16') }],
  ['without a PCESVN', { tcb: (good) => good.filter(({ id }) => id !== '.2.17') }],
  ['with one entry twice', { entries: (good) => [...good, ...good.slice(0, 1)] }],
  ['with an unknown entry', { entries: (good) => [...good, { id: '.8', value: derSequence() }] }],
  [
    'with a short FMSPC',
    {
      entries: (good) =>
        good.map((entry) => (entry.id === '.4' ? { id: '.4', value: derOctetString(new Uint8Array(5)) } : entry)),
    },
  ],
  [
    'with a component over 255',
    {
      tcb: (good) =>
        good.map((entry) => (entry.id === '.2.3' ? { id: '.2.3', value: derValue(2, Uint8Array.of(1, 0)) } : entry)),
    },
  ],
];

const pckRules: readonly RefusalScenario[] = [
  refusal('pck-chain', 'a PCK certificate without the SGX extension', 'SGX_PCK_INVALID_EXTENSIONS', {
    certificates: { pck: { extensions: without(ExtensionId.sgx) } },
  }),
  ...sgxExtensions.map(([what, sgxExtension]) =>
    refusal('pck-chain', `an SGX extension ${what}`, 'SGX_PCK_INVALID_EXTENSIONS', { sgxExtension }),
  ),
];

const root = ['pck-chain', 'root', 'SGX_ROOT_CA_INVALID_EXTENSIONS'] as const;
const intermediate = ['pck-chain', 'intermediate', 'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS'] as const;
const pck = ['pck-chain', 'pck', 'SGX_PCK_INVALID_EXTENSIONS'] as const;

const certificates: readonly RefusalScenario[] = [
  ...each(refusal, root, missing),
  ...each(strictRefusal, root, notAnAuthority),
  ...each(strictRefusal, root, [
    ['that allows no CA below it', { extensions: replaced(basicConstraints({ ca: true, pathLength: 0 })) }],
  ]),
  ...each(
    refusal,
    ['pck-chain', 'root', 'SGX_ROOT_CA_INVALID_ISSUER'],
    [['signed by another key', { signedBy: 'other' }]],
  ),
  ...each(refusal, intermediate, missing),
  ...each(strictRefusal, intermediate, notAnAuthority),
  ...wrongIssuer('pck-chain', 'intermediate', 'SGX_INTERMEDIATE_CA_INVALID_ISSUER', CommonName.root),
  ...each(refusal, pck, missing),
  ...each(strictRefusal, pck, notAnEndEntity),
  ...wrongIssuer('pck-chain', 'pck', 'SGX_PCK_INVALID_ISSUER', CommonName.platformCa),
  ...(['root', 'intermediate', 'pck'] as const).flatMap((role) =>
    each(strictRefusal, ['pck-chain', role, 'UNSUPPORTED_CERT_FORMAT'], unreadable),
  ),
];

/** The two lists have one set of rules. */
const lists: readonly RefusalScenario[] = (['rootCrl', 'pckCrl'] as const).flatMap((list) => {
  const good = list === 'rootCrl' ? CommonName.root : CommonName.platformCa;
  const foreign: Extension = authorityKeyIdentifier(foreignKey);
  const rule = (what: string, status: RefusalStatus, changes: ScenarioChanges['rootCrl'] & object): RefusalScenario =>
    refusal('pck-chain', `${list} ${what}`, status, { [list]: changes });
  const strict = (...parts: Parameters<typeof rule>): RefusalScenario => ({ ...rule(...parts), strict: true });
  return [
    rule('of another issuer', 'SGX_CRL_UNKNOWN_ISSUER', { issuer: `${good} 2` }),
    rule('of its issuer in other bytes', 'SGX_CRL_UNKNOWN_ISSUER', { issuer: printable(good) }),
    rule('without a number', 'SGX_CRL_INVALID_EXTENSIONS', { extensions: without(ExtensionId.crlNumber) }),
    rule('without a key identifier', 'SGX_CRL_INVALID_EXTENSIONS', {
      extensions: without(ExtensionId.authorityKeyIdentifier),
    }),
    strict('with another key identifier', 'SGX_CRL_INVALID_EXTENSIONS', { extensions: replaced(foreign) }),
    rule('signed by another key', 'SGX_CRL_INVALID_SIGNATURE', { signedBy: 'other' }),
    strict('without extensions', 'SGX_CRL_UNSUPPORTED_FORMAT', { extensions: () => [] }),
    strict('of version 1', 'SGX_CRL_UNSUPPORTED_FORMAT', { version: 1 }),
    strict('without an end', 'SGX_CRL_UNSUPPORTED_FORMAT', { nextUpdate: undefined }),
    strict('with an extension twice', 'SGX_CRL_UNSUPPORTED_FORMAT', { extensions: twice(ExtensionId.crlNumber) }),
    strict('that is a delta list', 'SGX_CRL_UNSUPPORTED_FORMAT', {
      extensions: added({ id: '2.5.29.27', critical: true, value: Uint8Array.of(2, 1, 1) }),
    }),
    strict('with an unknown critical extension', 'SGX_CRL_UNSUPPORTED_FORMAT', {
      extensions: (extensions) =>
        withCritical('1.2.3.4', true)([...extensions, { id: '1.2.3.4', value: derSequence() }]),
    }),
  ];
});

const revocation: readonly RefusalScenario[] = [
  refusal('pck-chain', 'swapped lists', 'SGX_CRL_UNKNOWN_ISSUER', {
    collateral: (good) => ({ ...good, root_ca_crl: good.pck_crl, pck_crl: good.root_ca_crl }),
  }),
  refusal('pck-chain', 'the list of the other PCK CA', 'SGX_CRL_UNKNOWN_ISSUER', {
    pckCrl: { issuer: CommonName.processorCa },
  }),
  ...(['', '3000', 'ff', 'no hex'] as const).flatMap((crl) =>
    (['root_ca_crl', 'pck_crl'] as const).map((field) =>
      refusal('pck-chain', `${field} is '${crl}'`, 'SGX_CRL_UNSUPPORTED_FORMAT', {
        collateral: (good) => ({ ...good, [field]: crl }),
      }),
    ),
  ),
  refusal('pck-chain', 'a revoked PCK CA', 'SGX_INTERMEDIATE_CA_REVOKED', { rootCrl: { revokes: ['intermediate'] } }),
  refusal('pck-chain', 'a revoked PCK certificate', 'SGX_PCK_REVOKED', { pckCrl: { revokes: ['pck'] } }),
  refusal('pck-chain', 'a PCK CA and its PCK certificate both revoked', 'SGX_INTERMEDIATE_CA_REVOKED', {
    rootCrl: { revokes: ['intermediate'] },
    pckCrl: { revokes: ['pck'] },
  }),
];

function foreignSigningChain(): readonly Uint8Array[] {
  const { tcbSigner, root: foreignRoot } = scenario({ keys: keyRing('another vendor') }).certificates;
  return [tcbSigner, foreignRoot];
}

function signingChain(
  group: 'tcb-info' | 'qe-identity',
  role: 'tcbSigner' | 'identitySigner',
  chain: 'tcbInfoChain' | 'identityChain',
): readonly RefusalScenario[] {
  const extensions = [group, role, 'SGX_TCB_SIGNING_CERT_INVALID_EXTENSIONS'] as const;
  return [
    refusal(group, 'one certificate', 'UNSUPPORTED_CERT_FORMAT', {
      [chain]: (good: readonly Uint8Array[]) => good.slice(0, 1),
    }),
    refusal(group, 'three certificates', 'UNSUPPORTED_CERT_FORMAT', {
      [chain]: (good: readonly Uint8Array[]) => [...good, ...good.slice(1)],
    }),
    refusal(group, 'the signing certificate twice', 'SGX_ROOT_CA_MISSING', {
      [chain]: ([signer]: readonly Uint8Array[]) => [signer, signer].flatMap((der) => der ?? []),
    }),
    refusal(group, 'the root twice', 'SGX_TCB_SIGNING_CERT_MISSING', {
      [chain]: ([, top]: readonly Uint8Array[]) => [top, top].flatMap((der) => der ?? []),
    }),
    refusal(group, 'a signing certificate of another name', 'SGX_TCB_SIGNING_CERT_MISSING', {
      certificates: { [role]: { subject: 'Intel SGX Signing' } },
    }),
    ...each(refusal, extensions, missing),
    ...each(strictRefusal, extensions, notAnEndEntity),
    ...wrongIssuer(group, role, 'SGX_TCB_SIGNING_CERT_INVALID_ISSUER', CommonName.root),
    ...each(strictRefusal, [group, role, 'UNSUPPORTED_CERT_FORMAT'], unreadable),
    // QVL, which does not compare key identifiers, finds the signature of the root's list wrong.
    strictRefusal(group, 'a chain of another root of the same name', 'SGX_CRL_INVALID_EXTENSIONS', {
      [chain]: () => foreignSigningChain(),
    }),
    refusal(group, 'a revoked signing certificate', 'SGX_TCB_SIGNING_CERT_REVOKED', {
      // An empty change gives each document its own signer.
      certificates: { [role]: {} },
      rootCrl: { revokes: [role] },
    }),
  ];
}

export const chainRefusals: readonly RefusalScenario[] = Object.freeze([
  ...shape,
  ...certificates,
  ...pckRules,
  ...lists,
  ...revocation,
  ...signingChain('tcb-info', 'tcbSigner', 'tcbInfoChain'),
  ...signingChain('qe-identity', 'identitySigner', 'identityChain'),
]);
