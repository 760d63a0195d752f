import type { Subtle } from '@enclos/attestation';
import { equalBytes, toHex } from '@enclos/codec';
import { oeFormats } from './recognise/binary-forms.ts';
import {
  type AzureEvidenceFinding,
  type Finding,
  type Inner,
  type QuoteFinding,
  type WrapperFinding,
} from './recognise/finding.ts';
import { jsonKindOf, type JsonKind } from './recognise/json-kinds.ts';
import { recognise } from './recognise.ts';
import { isRecord } from './recognise/text-forms.ts';
import { describeFound } from './describe.ts';
import { hclNodes } from './explain/azure.ts';
import type { TypedExplanation } from './forms/form.ts';
import { explainEvidence } from './forms/index.ts';
import { certificateNodes, revocationNodes, taggedNodes } from './explain/certificate.ts';
import { withFingerprints, withFingerprintsAsync, type Sha256 } from './explain/fingerprints.ts';
import { fieldNodes, group, hexField, node, numberField, type ExplainNode } from './explain/nodes.ts';
import { collateralNodes } from './explain/collateral.ts';
import { withDatesAt } from './explain/dates.ts';
import { tokenNodes } from './explain/token.ts';

export type { ExplainNode, Sha256 };

/** What some bytes are and say. Nothing of it is verified. */
export interface Explanation {
  readonly kind: Finding['form'];
  readonly title: string;
  readonly nodes: readonly ExplainNode[];
}

export interface ExplainOptions {
  /** Hashes the keys in certificates. */
  readonly sha256: Sha256;
  /** With it, dates that are not met at this time are marked. */
  readonly now?: Date;
}

/**
 * Says what bytes are and what each field of them means. It never throws: for bytes that are not evidence it says what
 * they seem to be. `explainAsync` does the same over WebCrypto.
 *
 * @example
 * const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
 * const { title, nodes } = explain(readFileSync('quote.bin'), { sha256 });
 */
export function explain(bytes: Uint8Array, { sha256, now }: ExplainOptions): Explanation {
  const { nodes, ...rest } = withVerifiedNode(explainContent(bytes, now));
  return { ...rest, nodes: withFingerprints(nodes, sha256) };
}

/** The same as `explain`, where hashes take time. @param options `subtle`: `globalThis.crypto.subtle` unless given. */
export async function explainAsync(
  bytes: Uint8Array,
  { now, subtle }: { readonly now?: Date; readonly subtle?: Pick<Subtle, 'digest'> } = {},
): Promise<Explanation> {
  const { nodes, ...rest } = withVerifiedNode(explainContent(bytes, now));
  return { ...rest, nodes: await withFingerprintsAsync(nodes, subtle) };
}

/** Fingerprints of keys are still missing. */
function explainContent(bytes: Uint8Array, now: Date | undefined): Explanation {
  const found = recognise(bytes);
  const { title, nodes } = explainFound(found);
  return { kind: found.form, title, nodes: now === undefined ? nodes : withDatesAt(nodes, now) };
}

function withVerifiedNode(explanation: Explanation): Explanation {
  const verified = node('verified', 'no', 'this shows what it claims; `enclos verify` checks it to a root');
  return explanation.kind === 'unknown' ? explanation : { ...explanation, nodes: [verified, ...explanation.nodes] };
}

function explainFound(found: Finding): TypedExplanation {
  switch (found.form) {
    case 'quote':
    case 'snp-report':
    case 'azure-evidence': {
      const { title, nodes } = explainEvidence(found);
      return { title, nodes: [...nodes, ...innerGroups(found.inner)] };
    }
    case 'certificate': {
      const certificate = certificateNodes(found.der);
      const own = certificate?.children ?? [];
      return {
        title: `Certificate ${certificate?.subject ?? ''}`.trimEnd(),
        nodes: [...own, ...carried(found.inner, 'carries no evidence that is known here')],
      };
    }
    case 'revocation-list':
      return { title: 'List of revoked certificates', nodes: revocationNodes(found.der) };
    case 'jwt':
    case 'cwt':
      return { title: capitalised(describeFound(found)), nodes: [...tokenNodes(found), ...innerGroups(found.inner)] };
    case 'json':
      return {
        title: 'JSON',
        nodes: [...jsonNodes(found.value), ...carried(found.inner, 'no member carries evidence')],
      };
    case 'unknown':
      return {
        title: `This is ${found.what}`,
        nodes: [
          node('not', 'a quote, a report, a certificate with evidence or a token', 'there is nothing to explain'),
        ],
      };
    default:
      return explainWrapper(found);
  }
}

function capitalised(words: string): string {
  return `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`;
}

/** A spelling or a header is one line; what is inside is the matter. */
function explainWrapper(found: WrapperFinding): TypedExplanation {
  const [only] = found.inner;
  const isSpelling = found.form === 'hex' || found.form === 'base64' || found.form === 'base64url';
  if (isSpelling && only !== undefined) {
    const { title, nodes } = explainFound(only.found);
    return { title: `${title}, in ${found.form}`, nodes };
  }
  const title = capitalised(found.what);
  if (found.form === 'hcl-report') return { title, nodes: hclNodes(found.bytes) };
  return { title, nodes: [...headerNodes(found), ...carried(found.inner, 'holds nothing that is known here')] };
}

function headerNodes({ form, bytes }: WrapperFinding): readonly ExplainNode[] {
  switch (form) {
    case 'oe-report':
      return fieldNodes(bytes, 0, [
        numberField('version', 4),
        numberField('type', 4, (type) => (type === 2 ? 'remote: a quote follows' : 'local: a report follows')),
        hexField('size', 8, 'little-endian, of what follows'),
      ]);
    case 'oe-evidence':
      return fieldNodes(bytes, 0, [
        numberField('version', 4),
        {
          label: 'format',
          sizeBytes: 16,
          show: (id) => ({ value: toHex(id), note: oeFormats[toHex(id)] ?? 'unknown' }),
        },
      ]);
    case 'tagged-evidence':
      return taggedNodes(bytes);
    default:
      return [];
  }
}

/** JSON that is not evidence. */
const documents: Readonly<Record<JsonKind, ExplainNode>> = {
  collateral: node('collateral', 'what evidence is verified with', 'give it to `enclos verify --collateral`'),
  policy: node('policy', 'what a relying party accepts', '`enclos policy explain` says it in sentences'),
  'tpm-quote': node(
    'TPM quote',
    'with its signature and the PCRs',
    'it takes the HCL report of the machine, whose hardware vouches for the key that signed it',
  ),
};

function jsonNodes(value: unknown): readonly ExplainNode[] {
  const kind = jsonKindOf(value);
  if (kind !== undefined) return [documents[kind], ...(kind === 'collateral' ? collateralNodes(value) : [])];
  const names = isRecord(value) ? Object.keys(value) : [];
  return names.length === 0 ? [] : [node('members', names.slice(0, 64).join(', '))];
}

function carried(inner: readonly Inner[], none: string): readonly ExplainNode[] {
  return inner.length === 0 ? [node('evidence', none)] : innerGroups(inner);
}

function innerGroups(inner: readonly Inner[]): readonly ExplainNode[] {
  return inner.map(({ at, found }, index) => {
    const { title, nodes } = explainFound(found);
    const twin = inner.slice(0, index).find((other) => isSame(other.found, found));
    if (twin !== undefined) return node(at, `the same as ${twin.at}`, title);
    return group(at === '' ? describeFound(found) : at, nodes, title);
  });
}

function isComparable(found: Finding): found is QuoteFinding | AzureEvidenceFinding {
  return found.form === 'quote' || found.form === 'azure-evidence';
}

function isSame(one: Finding, other: Finding): boolean {
  return isComparable(one) && isComparable(other) && one.form === other.form && equalBytes(one.bytes, other.bytes);
}
