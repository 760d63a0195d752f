import { explainQuote, type ExplainedField } from '@enclos/attestation/explain';
import { certificationNodes } from './certification.ts';
import { nodesOf } from './fields.ts';
import type { ExplainNode } from './nodes.ts';
import { quoteWords } from './quote-words.ts';

const headerBytes = 8;

/** `TDX quote, version 4`, as far as the header is there. */
export function quoteTitle(bytes: Uint8Array): string {
  const version = `version ${(bytes[0] ?? 0) + 256 * (bytes[1] ?? 0)}`;
  if (bytes.length < headerBytes) return `Beginning of a quote, ${version}`;
  return `${bytes[4] === 0x81 ? 'TDX' : 'SGX'} quote, ${version}`;
}

/** Every field of a quote with its offset, as far as there are bytes. */
export function quoteNodes(bytes: Uint8Array): readonly ExplainNode[] {
  return explainQuote(bytes).flatMap((part) => {
    const certification = certificationOf(part);
    if (certification === undefined) return nodesOf([part], quoteWords);
    const { offset, sizeBytes } = certification.data;
    // The reader of certificates says more of them than the verifier reads.
    const fields = (part.fields ?? []).slice(0, -1);
    const data = certificationNodes(bytes.subarray(offset, offset + sizeBytes), offset, certification);
    return nodesOf([{ ...part, fields }], quoteWords).map((signature) => ({
      ...signature,
      children: [...(signature.children ?? []), ...data],
    }));
  });
}

interface CertificationData {
  readonly type: number;
  readonly size: number;
  readonly data: ExplainedField;
}

/** What leads to the PCK certificate: the last field of the signature data, after its type and size. */
function certificationOf({ name, fields = [] }: ExplainedField): CertificationData | undefined {
  const [type, size, data] = fields.slice(-3);
  const isData = data?.name === 'PCK chain' || data?.name === 'certification data';
  if (name !== 'Signature data' || !isData) return undefined;
  return { type: Number(type?.value), size: Number(size?.value), data };
}
