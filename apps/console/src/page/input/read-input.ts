import {
  amdRoleOf,
  asText,
  describeFound,
  recognise,
  type EvidenceFinding,
  type Finding,
  type SnpReportFinding,
} from '@enclos/evidence';
import { isEvidence, maximumInputBytes, tooLarge, unreadable, type Input, type SignedInput } from './input.ts';
import { readJsonInput } from './read-json.ts';

/** A file that holds more is not a chain and its evidence. */
const maximumPemBlocks = 8;

/**
 * Sorts what `recognise` finds in some bytes by what the page does with it. Judges by content: names and media types of
 * files say nothing. Binary data that is not known is taken for a quote, so that the verifier says what is wrong with it.
 */
export function readInput(bytes: Uint8Array): readonly Input[] {
  if (bytes.length > maximumInputBytes) return [tooLarge(bytes.length)];
  if (bytes.length === 0) return [unreadable('It is empty.')];
  const found = recognise(bytes);
  if (found.form === 'unknown' && asText(bytes) === undefined) return [{ kind: 'quote', form: 'bytes', bytes }];
  const inputs = sorted(found, outermost(found, bytes));
  const count = inputs.filter(isEvidence).length;
  return count > 1 ? [unreadable(`It holds ${count} pieces of evidence. Give one at a time.`)] : inputs;
}

/** A single block of PEM is recognised as its content, which is another piece of memory. */
function outermost(found: Finding, bytes: Uint8Array): string {
  if (found.form === 'azure-evidence') return 'JSON';
  return 'whole' in found && found.whole !== bytes ? 'PEM' : 'bytes';
}

function sorted(found: Finding, form: string): readonly Input[] {
  switch (found.form) {
    case 'snp-report':
      return reportInputs(found, form);
    case 'quote':
    case 'azure-evidence':
      return [evidence(found, form)];
    case 'hcl-report':
      return [{ kind: found.form, form, bytes: found.bytes }];
    case 'certificate':
      return [certificate(found.der)];
    case 'revocation-list':
      return [{ kind: found.form, der: found.der }];
    case 'json':
      return readJsonInput(found, innerInputs(found, form));
    case 'pem':
      return pemInputs(found);
    default: {
      const inputs = innerInputs(found, form);
      return inputs.length > 0 ? inputs : [unreadable(notUsed(found))];
    }
  }
}

function notUsed(found: Finding): string {
  return `It is not evidence (bytes, hex, base64, PEM), JSON or a certificate: it is ${describeFound(found)}.`;
}

function innerInputs(found: Finding, outer: string): readonly Input[] {
  return found.inner.flatMap(({ at, found: inner }) => {
    const form = at === '' ? outer : outer === 'bytes' ? at : `${at}, in ${outer}`;
    return sorted(inner, form).filter(({ kind }) => kind !== 'unreadable');
  });
}

function pemInputs(found: Finding): readonly Input[] {
  if (found.inner.length > maximumPemBlocks) {
    return [unreadable(`It holds more than ${maximumPemBlocks} blocks of PEM.`)];
  }
  const inputs = innerInputs(found, 'PEM');
  const isChain = found.inner.length > 1 && inputs.some(({ kind }) => kind === 'root');
  return isChain
    ? [unreadable('It is a chain of certificates. A root is one; the chain of a quote is in the quote.')]
    : inputs;
}

function evidence({ form: kind, whole }: EvidenceFinding, form: string): Input {
  return { kind, form, bytes: whole };
}

/** The parts of an extended report: the report, and the certificates of its key that the host added. */
function reportInputs(found: SnpReportFinding, form: string): readonly Input[] {
  const leaves = found.inner.flatMap(({ found: inner }) => {
    const input = inner.form === 'certificate' ? certificate(inner.der) : undefined;
    return input?.kind === 'amd-leaf' ? [input] : [];
  });
  // Without one the verifier says what is wrong with the length of the report.
  if (leaves.length === 0) return [evidence(found, form)];
  return [{ kind: found.form, form, bytes: found.bytes }, ...leaves];
}

function certificate(der: Uint8Array): SignedInput {
  const role = amdRoleOf(der);
  return { kind: role === undefined ? 'root' : `amd-${role}`, der };
}
