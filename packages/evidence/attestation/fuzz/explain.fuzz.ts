import { evidenceKinds, scenario, type EvidenceKind } from '@enclos/evidence-kit';
import { explainQuote, type ExplainedField } from '../src/explain/index.ts';

export const seeds: readonly Uint8Array[] = Object.keys(evidenceKinds).map(
  // The keys of the table are the kinds.
  (kind) => scenario({ kind: kind as EvidenceKind }).quote,
);

/** A field shows no byte twice but those of a chain, whose certificates all have its place. */
const maximumShownPerByte = 40;

function shownBytes(fields: readonly ExplainedField[]): number {
  return fields.reduce((sum, { value, fields: inner }) => sum + value.length + shownBytes(inner ?? []), 0);
}

/** Mutated quotes of every kind: always an explanation, inside the bytes, and not much longer than they are. */
export function fuzz(data: Uint8Array): void {
  const fields = explainQuote(data);
  if (shownBytes(fields) > 1000 + data.length * maximumShownPerByte) throw new Error('The explanation is too long.');
  const last = fields.at(-1);
  if (last !== undefined && last.offset + last.sizeBytes > data.length) throw new Error('A field behind the end.');
}
