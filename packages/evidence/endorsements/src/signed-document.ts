import { hex, integer, isoDate, JsonRecord, parseJson, parseJsonMembers, string } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import type { ItemRequest } from './request.ts';

/** One TCB recovery, as Intel lists them. */
export interface EvaluationNumber {
  readonly number: number;
  /** The day on which the vulnerabilities became public: 2025-05-13T00:00:00Z. */
  readonly recoveryEvent: string;
}

/** What a client reads in signed JSON. */
export interface DocumentFacts {
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly evaluationNumber?: number;
  /** Newest first. */
  readonly evaluationNumbers?: readonly EvaluationNumber[];
}

/** The bound of the verifier; Intel's largest TCB info is 10 KiB. */
export const maximumDocumentLength = 262_144;
const maximumNumbers = 1024;

const members = {
  'tcb-info': 'tcbInfo',
  'qe-identity': 'enclaveIdentity',
  'evaluation-numbers': 'tcbEvaluationDataNumbers',
} as const;

type DocumentKind = keyof typeof members;

/**
 * The signed text of `{"tcbInfo":{…},"signature":"hex"}` and its kind, byte for
 * byte, and the signature.
 * @throws a CODEC error.
 */
export function splitDocument(kind: string, text: string): { readonly document: string; readonly signature: string } {
  if (!isDocumentKind(kind)) throw new EnclosError('CODEC_INVALID', `${kind} is not signed JSON.`);
  const { value, spans } = parseJsonMembers(text, maximumDocumentLength);
  const span = spans.get(members[kind]);
  const { signature } = value;
  if (span === undefined || typeof signature !== 'string' || !/^[0-9a-f]{128}$/i.test(signature)) {
    throw new EnclosError('CODEC_INVALID', `Not an object with ${members[kind]} and a signature.`);
  }
  return { document: text.slice(span.start, span.end), signature };
}

/** Reads what a client has to know of signed JSON, and compares it with what was asked for. @throws a CODEC error. */
export function readSignedDocument({ kind, parameters }: ItemRequest, text: string): DocumentFacts {
  const { document } = splitDocument(kind, text);
  const fields = new JsonRecord(parseJson(document, maximumDocumentLength), kind);
  const dates = { issuedAt: fields.required('issueDate', isoDate), expiresAt: fields.required('nextUpdate', isoDate) };
  checkSubject(fields, { kind, parameters });
  if (kind === 'evaluation-numbers') return { ...dates, evaluationNumbers: readNumbers(fields) };
  const evaluationNumber = fields.required('tcbEvaluationDataNumber', integer(0, 0xffff_ffff));
  const { baseline = '' } = parameters;
  if (/^\d/.test(baseline) && Number(baseline) !== evaluationNumber) {
    throw mismatch(`evaluation number ${evaluationNumber}, not ${baseline}`);
  }
  return { ...dates, evaluationNumber };
}

function checkSubject(fields: JsonRecord, { kind, parameters }: Pick<ItemRequest, 'kind' | 'parameters'>): void {
  const isTdx = parameters['tee'] === 'tdx';
  // Version 2 of the TCB info has no id, and is of SGX alone.
  const id = kind === 'tcb-info' && !fields.has('id') ? 'SGX' : fields.required('id', string(16));
  const wanted = kind === 'qe-identity' ? (isTdx ? 'TD_QE' : 'QE') : isTdx ? 'TDX' : 'SGX';
  if (id !== wanted) throw mismatch(`for ${JSON.stringify(id)}, not for ${wanted}`);
  const isOther = kind === 'tcb-info' && fields.required('fmspc', hex(6)) !== parameters['fmspc'];
  if (isOther) throw mismatch('for another FMSPC');
}

function readNumbers(fields: JsonRecord): readonly EvaluationNumber[] {
  const numbers = fields.records('tcbEvalNumbers', 0, maximumNumbers).map((entry) =>
    Object.freeze({
      number: entry.required('tcbEvaluationDataNumber', integer(0, 0xffff_ffff)),
      recoveryEvent: entry.required('tcbRecoveryEventDate', isoDate),
    }),
  );
  return Object.freeze(numbers.sort((a, b) => b.number - a.number));
}

function isDocumentKind(kind: string): kind is DocumentKind {
  return Object.hasOwn(members, kind);
}

function mismatch(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `it is ${what}`);
}
