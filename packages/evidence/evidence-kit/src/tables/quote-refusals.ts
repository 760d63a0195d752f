import { concatBytes } from '@enclos/codec';
import type { TcbInfoJson } from '../collateral/tcb-info.ts';
import { processKeys } from '../pki/keys.ts';
import { flipped, repeated } from '../quote/bytes.ts';
import type { QuoteParts } from '../quote/quote.ts';
import type { ScenarioChanges } from '../scenario/changes.ts';
import { evidenceKinds, type EvidenceKind } from '../scenario/kinds.ts';
import { omit } from '../omit.ts';
import type { RefusalStatus } from '../scenario/statuses.ts';
import { refusal, type RefusalScenario } from './refusal-scenario.ts';

const allKinds = Object.keys(evidenceKinds) as readonly EvidenceKind[];
const tdxKinds = allKinds.filter((kind) => evidenceKinds[kind].tee === 'TDX');

type Parts = (good: QuoteParts) => QuoteParts;
type Rule = readonly [what: string, status: RefusalStatus, changes: ScenarioChanges];

/** After signing. */
const signed = (what: string, status: RefusalStatus, signedQuote: Parts): Rule => [what, status, { signedQuote }];

const format = 'UNSUPPORTED_QUOTE_FORMAT';

/** How long a quote is before its authentication data. */
function headLength(kind: EvidenceKind): number {
  const { tee, version, bodyType = 0 } = evidenceKinds[kind];
  const body = tee === 'SGX' ? 384 : ([584, 584, 584, 648, 885][bodyType] ?? 0);
  return 48 + (version === 5 ? 6 : 0) + body;
}

/** What every kind of quote must be, as bytes. */
function formatRules(kind: EvidenceKind): readonly Rule[] {
  const { version } = evidenceKinds[kind];
  const head = headLength(kind);
  const cut = (length: number): ScenarioChanges => ({ quoteBytes: (good) => good.slice(0, length) });
  return [
    ['that is empty', format, cut(0)],
    ['that ends in its header', format, cut(47)],
    ['that ends in its body', format, cut(head - 1)],
    ['that ends before its authentication data', format, cut(head + 3)],
    ['without its last byte', format, cut(-1)],
    ['of another vendor', format, { header: { qeVendorId: repeated(1, 16) } }],
    ['with a key on P-384', format, { header: { attestationKeyType: 3 } }],
    ['with an unknown kind of key', format, { header: { attestationKeyType: 0 } }],
    ['of an unknown TEE', format, { header: { teeType: 0x82 } }],
    signed('of version 2', format, (good) => ({ ...good, header: { ...good.header, version: 2 } })),
    signed('of version 6', format, (good) => ({ ...good, header: { ...good.header, version: 6 } })),
    signed('with authentication data of no size', format, (good) => ({ ...good, authDataSize: 0 })),
    signed('with authentication data beyond its end', format, (good) => ({ ...good, authDataSize: 0xffff_ffff })),
    signed('with a byte within, after everything', format, (good) => ({ ...good, innerTrailing: Uint8Array.of(0) })),
    signed('with QE authentication data beyond its end', format, (good) => ({ ...good, qeAuthDataSize: 0xffff })),
    signed('with certification data beyond its end', format, (good) => ({
      ...good,
      certificationSize: 0xffff_ffff,
    })),
    signed('with certification data of type 0', format, (good) => withType(good, 0)),
    signed('with certification data of type 6 inside', format, (good) => withType(good, 6)),
    signed('with certification data of type 7', format, (good) => withType(good, 7)),
    ...(version === 3 ? [] : wrappedRules),
  ];
}

function withType(good: QuoteParts, type: number): QuoteParts {
  return { ...good, certification: { ...good.certification, type } };
}

/** Versions 4 and 5 wrap the QE report in certification data of type 6. */
const wrappedRules: readonly Rule[] = [
  signed('with another wrapper than type 6', format, (good) => ({ ...good, outerType: 5 })),
  signed('with a wrapper beyond its end', format, (good) => ({ ...good, outerSize: 0xffff_ffff })),
  signed('with a wrapper that ends early', format, (good) => ({ ...good, outerSize: 400 })),
];

/** The descriptor of version 5, and what it says of header and body. */
function descriptorRules(kind: EvidenceKind): readonly Rule[] {
  const { tee, bodyType } = evidenceKinds[kind];
  if (bodyType === undefined) return [];
  return [
    ['with an unknown body', format, { descriptor: { type: 5 } }],
    ['with a body of type 0', format, { descriptor: { type: 0 } }],
    ['with a body of another size', format, { descriptor: { sizeBytes: headLength(kind) - 55 } }],
    ['with a body of no size', format, { descriptor: { sizeBytes: 0 } }],
    ['with a body of the other TEE', format, { header: { teeType: tee === 'SGX' ? 0x81 : 0 } }],
  ];
}

const zeros = (good: QuoteParts): Uint8Array => repeated(0, good.signature.length);

/** Signatures and what they bind. */
const signatureRules: readonly Rule[] = [
  ['with a PCK certificate of another key', 'INVALID_QE_REPORT_SIGNATURE', { certificates: { pck: { key: 'other' } } }],
  signed('with a changed signature of the QE report', 'INVALID_QE_REPORT_SIGNATURE', (good) => ({
    ...good,
    qeReportSignature: flipped(good.qeReportSignature, 40),
  })),
  signed('with zeros for the signature of the QE report', 'INVALID_QE_REPORT_SIGNATURE', (good) => ({
    ...good,
    qeReportSignature: zeros(good),
  })),
  signed('with a changed QE report', 'INVALID_QE_REPORT_SIGNATURE', (good) => ({
    ...good,
    qeReport: flipped(good.qeReport, 258),
  })),
  signed('with other QE authentication data', 'INVALID_QE_REPORT_DATA', (good) => ({
    ...good,
    qeAuthData: flipped(good.qeAuthData),
  })),
  signed('without its QE authentication data', 'INVALID_QE_REPORT_DATA', (good) => ({
    ...good,
    qeAuthData: new Uint8Array(),
  })),
  signed('with the attestation key of another', 'INVALID_QE_REPORT_DATA', (good) => ({
    ...good,
    attestationKey: processKeys.key('other').point,
  })),
  signed('with a changed signature', 'INVALID_QUOTE_SIGNATURE', (good) => ({
    ...good,
    signature: flipped(good.signature, 40),
  })),
  signed('with zeros for its signature', 'INVALID_QUOTE_SIGNATURE', (good) => ({ ...good, signature: zeros(good) })),
  signed('with a changed header', 'INVALID_QUOTE_SIGNATURE', (good) => ({
    ...good,
    header: { ...good.header, userData: flipped(good.header.userData) },
  })),
  signed('with another SVN in its header', 'INVALID_QUOTE_SIGNATURE', (good) => ({
    ...good,
    header: { ...good.header, qeSvn: 77 },
  })),
  signed('with a changed measurement', 'INVALID_QUOTE_SIGNATURE', (good) => ({
    ...good,
    body: flipped(good.body, 136),
  })),
  signed('with changed report data', 'INVALID_QUOTE_SIGNATURE', (good) => ({ ...good, body: flipped(good.body, 383) })),
];

/** The quoting enclave against its identity. */
const identityRules: readonly Rule[] = [
  ['with the identity of the verification enclave', 'QE_IDENTITY_MISMATCH', { qeIdentity: withId('QVE') }],
  ['with a QE of another MISCSELECT', 'QE_IDENTITY_MISMATCH', { qeReport: { miscSelect: 1 } }],
  ['with a debug QE', 'QE_IDENTITY_MISMATCH', { qeReport: { attributes: { flags: 0x17n, xfrm: 3n } } }],
  [
    'with a QE without the provisioning key',
    'QE_IDENTITY_MISMATCH',
    { qeReport: { attributes: { flags: 5n, xfrm: 3n } } },
  ],
  ['with a QE of another signer', 'QE_IDENTITY_MISMATCH', { qeReport: { mrSigner: repeated(1, 32) } }],
  ['with a QE of another product', 'QE_IDENTITY_MISMATCH', { qeReport: { isvProdId: 9 } }],
  [
    'with an identity whose mask hides what it names',
    'QE_IDENTITY_MISMATCH',
    { qeIdentity: (good) => ({ ...good, attributesMask: '00'.repeat(16) }) },
  ],
];

function withId(id: string): NonNullable<ScenarioChanges['qeIdentity']> {
  return (good) => ({ ...good, id });
}

/** The TDX module against the TCB info. */
const moduleRules: readonly Rule[] = [
  ['with a module of a version without identity', 'TDX_MODULE_MISMATCH', { launch: { version: 2 } }],
  [
    'with TCB info without identities of modules',
    'TDX_MODULE_MISMATCH',
    { tcbInfo: (good) => omit(good, 'tdxModuleIdentities') },
  ],
  ['with a module of another signer', 'TDX_MODULE_MISMATCH', { td: { mrSignerSeam: repeated(1, 48) } }],
  [
    'with a module whose identity names another signer',
    'TDX_MODULE_MISMATCH',
    { tcbInfo: (good) => withModules(good, { mrsigner: '01'.repeat(48) }) },
  ],
  ['with SEAM attributes', 'TDX_MODULE_MISMATCH', { td: { seamAttributes: 1n } }],
  [
    'with SEAM attributes that its identity has too: they must be zero',
    'TDX_MODULE_MISMATCH',
    { td: { seamAttributes: 1n }, tcbInfo: (good) => withModules(good, { attributes: '0100000000000000' }) },
  ],
  [
    'without the SEAM attributes of its identity',
    'TDX_MODULE_MISMATCH',
    { tcbInfo: (good) => withModules(good, { attributes: '0100000000000000' }) },
  ],
  [
    'with a module without a version, of another signer than the TCB info names',
    'TDX_MODULE_MISMATCH',
    {
      launch: { version: 0 },
      tcbInfo: (good) => ({ ...good, tdxModule: { ...good.tdxModule, mrsigner: '01'.repeat(48) } }),
    },
  ],
];

function withModules(good: TcbInfoJson, changes: Readonly<Record<string, string>>): unknown {
  return { ...good, tdxModuleIdentities: good.tdxModuleIdentities?.map((each) => ({ ...each, ...changes })) };
}

function ofKind(kind: EvidenceKind, rules: readonly Rule[]): readonly RefusalScenario[] {
  return rules.map(([what, status, changes]) =>
    refusal('quote', `a quote ${kind} ${what}`, status, { ...changes, kind }),
  );
}

/** The chain within the quote. */
const certificationRules: readonly Rule[] = [
  signed('with a chain that is not PEM', 'UNSUPPORTED_CERT_FORMAT', (good) => ({
    ...good,
    certification: { type: 5, data: Uint8Array.of(0xff, 0) },
  })),
  signed('with an empty chain', 'UNSUPPORTED_CERT_FORMAT', (good) => ({
    ...good,
    certification: { type: 5, data: new Uint8Array() },
  })),
  signed('with text after its chain', 'UNSUPPORTED_CERT_FORMAT', (good) => ({
    ...good,
    certification: { type: 5, data: concatBytes(good.certification.data, Uint8Array.of(0x78)) },
  })),
  [
    'without a chain anywhere',
    'MISSING_PARAMETERS',
    { certificationType: 1, collateral: (good) => omit(good, 'pck_certificate_chain') },
  ],
];

/** The order of rules: what is wrong first wins. */
const orderRules: readonly RefusalScenario[] = [
  refusal('quote', 'order: a revoked PCK certificate before TCB info of another FMSPC', 'SGX_PCK_REVOKED', {
    pckCrl: { revokes: ['pck'] },
    tcbInfo: (good) => ({ ...good, fmspc: '00A0B0C0D0E1' }),
  }),
  refusal('quote', 'order: TCB info of another FMSPC before a signature of the QE report', 'TCB_INFO_MISMATCH', {
    tcbInfo: (good) => ({ ...good, fmspc: '00A0B0C0D0E1' }),
    signedQuote: (good) => ({ ...good, qeReportSignature: zeros(good) }),
  }),
  refusal('quote', 'order: the QE report before its identity', 'INVALID_QE_REPORT_SIGNATURE', {
    qeReport: { isvProdId: 9 },
    signedQuote: (good) => ({ ...good, qeReportSignature: zeros(good) }),
  }),
  refusal('quote', 'order: the identity of the QE before the signature of the quote', 'QE_IDENTITY_MISMATCH', {
    qeReport: { isvProdId: 9 },
    signedQuote: (good) => ({ ...good, signature: zeros(good) }),
  }),
  refusal('quote', 'order: the signature of the quote before a status', 'INVALID_QUOTE_SIGNATURE', {
    platform: 'below',
    signedQuote: (good) => ({ ...good, signature: zeros(good) }),
  }),
  refusal('quote', 'order: the TDX module before the QE report', 'TDX_MODULE_MISMATCH', {
    kind: 'tdx-v4',
    td: { seamAttributes: 1n },
    signedQuote: (good) => ({ ...good, qeReportSignature: zeros(good) }),
  }),
];

export const quoteRefusals: readonly RefusalScenario[] = Object.freeze([
  ...allKinds.flatMap((kind) => [
    ...ofKind(kind, formatRules(kind)),
    ...ofKind(kind, descriptorRules(kind)),
    ...ofKind(kind, certificationRules),
    ...ofKind(kind, signatureRules),
    ...ofKind(kind, identityRules),
    ...ofKind(kind, [
      [
        'with the identity of the other quoting enclave',
        'QE_IDENTITY_MISMATCH',
        { qeIdentity: withId(evidenceKinds[kind].tee === 'SGX' ? 'TD_QE' : 'QE') },
      ],
    ]),
  ]),
  ...tdxKinds.flatMap((kind) => ofKind(kind, moduleRules)),
  refusal('quote', 'a quote sgx-v3 that says TDX', format, { header: { teeType: 0x81 } }),
  ...orderRules,
]);
