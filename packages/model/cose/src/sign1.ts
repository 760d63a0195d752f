import {
  cborArray,
  cborBytes,
  cborInteger,
  cborLabelledMap,
  cborNull,
  CborReader,
  cborTag,
  cborText,
  CborType,
} from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { coseAlgorithms, type CoseAlgorithm } from './algorithms.ts';
import {
  algorithmIn,
  checkCritical,
  contentTypeIn,
  headerLabels,
  kidIn,
  maximumHeaderBytes,
  readHeader,
  type CoseHeader,
  type CoseLabel,
} from './headers.ts';
import { reading, refuse } from './refusal.ts';

/** A COSE_Sign1 message (RFC 9052 section 4.2) that was read and not verified. */
export interface CoseSign1 {
  readonly algorithm: CoseAlgorithm;
  /** From the protected header, or from the unprotected one. It only helps to find a key. */
  readonly kid?: Uint8Array;
  /** From the protected header alone: a media type, or a registered number. */
  readonly contentType?: string | number;
  readonly protected: CoseHeader;
  readonly unprotected: CoseHeader;
  /** The protected header as it stands: what is signed. */
  readonly protectedBytes: Uint8Array;
  /** Undefined if it travels elsewhere. */
  readonly payload?: Uint8Array;
  readonly signature: Uint8Array;
}

export interface CoseSign1Bounds {
  /** Bytes of the whole message. */
  readonly maxBytes: number;
  /** Labels that the caller knows and heeds, and that the message may call critical. Default: none. */
  readonly understood?: readonly CoseLabel[];
}

/** RFC 9052 section 2. */
const sign1Tag = 18;
const maximumSignatureBytes = 132;

/**
 * Reads a tagged COSE_Sign1 message strictly, and verifies nothing: deterministic CBOR but for the order of labels, four
 * parts, an algorithm in the protected header that is known, no label twice, and a signature as long as the algorithm
 * makes it. Views into `bytes` are handed out.
 *
 * @example
 * const message = readCoseSign1(bytes, { maxBytes: 16_384 });
 *
 * @throws CODEC_INVALID, CODEC_TRUNCATED, CODEC_TRAILING or CODEC_OUT_OF_RANGE with the rule `size`, `form`, `algorithm`,
 * `duplicate-label`, `critical-header`, `content-type`, `kid` or `signature`.
 */
export function readCoseSign1(bytes: Uint8Array, { maxBytes, understood = [] }: CoseSign1Bounds): CoseSign1 {
  if (bytes.length > maxBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `The COSE message has more than ${maxBytes} bytes.`, {
      details: { rule: 'size' },
    });
  }
  const parts = reading('form', 'The COSE message', () => readParts(bytes));
  const algorithm = reading('algorithm', 'The algorithm', () => algorithmIn(parts.protected));
  for (const label of parts.unprotected.keys()) {
    if (parts.protected.has(label)) refuse('duplicate-label', 'A label stands in both headers.');
  }
  // RFC 9052 section 3.1 wants `crit` to be protected; what changes the meaning of a message is signed, or it is refused. The
  // algorithm is in the protected header, and so in no other.
  for (const label of [headerLabels.critical, headerLabels.contentType]) {
    if (parts.unprotected.has(label)) refuse('critical-header', 'A label that must be signed is not protected.');
  }
  reading('critical-header', 'The critical parameters', () => checkCritical(parts.protected, understood));
  if (parts.signature.length !== coseAlgorithms[algorithm].signatureBytes) {
    refuse('signature', 'The signature has another length than its algorithm makes.');
  }
  const kid = reading('kid', 'The key identifier', () => kidIn(parts.protected) ?? kidIn(parts.unprotected));
  const contentType = reading('content-type', 'The content type', () => contentTypeIn(parts.protected));
  return Object.freeze({
    ...parts,
    algorithm,
    ...(kid === undefined ? {} : { kid }),
    ...(contentType === undefined ? {} : { contentType }),
  });
}

type Parts = Pick<CoseSign1, 'payload' | 'protected' | 'protectedBytes' | 'signature' | 'unprotected'>;

function readParts(bytes: Uint8Array): Parts {
  const reader = new CborReader(bytes);
  if (reader.tag() !== sign1Tag) refuse('form', 'The message does not have the tag of COSE_Sign1.');
  if (reader.array(4) !== 4) refuse('form', 'The message does not have four parts.');
  const protectedBytes = reader.byteString(maximumHeaderBytes);
  const inside = new CborReader(protectedBytes);
  const header = readHeader(inside);
  inside.end();
  const unprotected = readHeader(reader);
  const payload = reader.peek() === CborType.BYTES ? reader.byteString(bytes.length) : readAbsence(reader);
  const signature = reader.byteString(maximumSignatureBytes);
  reader.end();
  return { protected: header, protectedBytes, unprotected, signature, ...(payload === undefined ? {} : { payload }) };
}

function readAbsence(reader: CborReader): undefined {
  if (reader.simple() !== null) refuse('form', 'The payload is neither bytes nor null.');
}

export interface SigningInputOptions {
  /** The payload of a message that does not hold it. */
  readonly detachedPayload?: Uint8Array;
  /** What both sides know and the message does not hold (RFC 9052 section 4.3). Default: empty. */
  readonly externalData?: Uint8Array;
}

/**
 * What the signature is over: the Sig_structure of RFC 9052 section 4.4. `verifyJws` of `@enclos/jose` verifies it with
 * the algorithm and the signature of the message.
 *
 * @throws CODEC_INVALID with the rule `payload` when there is none, or one inside and one beside.
 */
export function coseSigningInput(
  { protectedBytes, payload }: Pick<CoseSign1, 'payload' | 'protectedBytes'>,
  { detachedPayload, externalData = new Uint8Array() }: SigningInputOptions = {},
): Uint8Array {
  if ((payload === undefined) === (detachedPayload === undefined)) {
    return refuse('payload', 'The payload must be in the message or beside it, in one of the two.');
  }
  const signed = payload ?? detachedPayload ?? new Uint8Array();
  return cborArray(cborText('Signature1'), cborBytes(protectedBytes), cborBytes(externalData), cborBytes(signed));
}

/** The headers of a message to write. Values of `others` are CBOR. */
export interface CoseHeaderContent {
  readonly algorithm: CoseAlgorithm;
  readonly kid?: Uint8Array;
  readonly contentType?: string | number;
  readonly others?: CoseHeader;
}

/** A protected header in its deterministic form: what `coseSigningInput` and `writeCoseSign1` take. */
export function coseProtectedHeader({ algorithm, kid, contentType, others }: CoseHeaderContent): Uint8Array {
  const members: [CoseLabel, Uint8Array][] = [
    [headerLabels.algorithm, cborInteger(coseAlgorithms[algorithm].value)],
    ...(others ?? []),
  ];
  if (kid !== undefined) members.push([headerLabels.kid, cborBytes(kid)]);
  if (contentType !== undefined) {
    members.push([
      headerLabels.contentType,
      typeof contentType === 'string' ? cborText(contentType) : cborInteger(contentType),
    ]);
  }
  return cborLabelledMap(members);
}

/**
 * A tagged COSE_Sign1 message.
 *
 * @param parts `signature` as the algorithm makes it: r and s for ECDSA, not DER. Without a payload it travels elsewhere.
 */
export function writeCoseSign1({
  protectedBytes,
  unprotected = new Map(),
  payload,
  signature,
}: Omit<Parts, 'protected' | 'unprotected'> & { readonly unprotected?: CoseHeader }): Uint8Array {
  return cborTag(
    sign1Tag,
    cborArray(
      cborBytes(protectedBytes),
      cborLabelledMap(unprotected),
      payload === undefined ? cborNull() : cborBytes(payload),
      cborBytes(signature),
    ),
  );
}
