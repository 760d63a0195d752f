import { cborArray, cborBytes, CborReader, fromBase64, toBase64, utf8 } from '@enclos/codec';
import { integer, JsonRecord, parseJsonBytes, string } from '@enclos/codec/json';
import { readCoseSign1, type CoseSign1 } from '@enclos/cose';
import { coseLabels, integerOf, membersOf, textOf } from '../signature/cose-root.ts';
import { readEcdsaKey, type EcdsaKey } from '../signature/ecdsa.ts';
import { malformed } from '../signature/refusal.ts';
import { within } from '../within.ts';
import { readTransactionId } from '../signature/transaction-id.ts';
import type { TransactionId } from '../write-set.ts';

const maximumBytes = 1_048_576;
/** Limits of a file with the endorsements of a snapshot or a receipt (CCF, src/snapshots). */
const sidecar = Object.freeze({ messages: 64, bytes: 4_194_304 });

/** That a service vouches for the key of an earlier identity (ccf-cose-endorsement-service-identity.cddl), read and not verified. */
export interface CoseEndorsement {
  readonly message: CoseSign1;
  /** The key that is endorsed. */
  readonly key: EcdsaKey;
  /** The first transaction of the endorsed identity. */
  readonly from: TransactionId;
  /** The last one; none in the endorsement that a service writes for itself when it first opens. */
  readonly to?: TransactionId;
  /** 32 bytes: the root after the last transaction. */
  readonly lastRoot?: Uint8Array;
  /** Seconds since 1970. */
  readonly issuedAt?: number;
}

/** @throws LEDGER_INVALID */
export function readCoseEndorsement(bytes: Uint8Array): CoseEndorsement {
  return within('The endorsement of a service', () => {
    const message = readCoseSign1(bytes, { maxBytes: maximumBytes, understood: [coseLabels.claims, coseLabels.ccf] });
    if (message.payload === undefined) return malformed('The endorsement of a service holds no key.');
    const ccf = membersOf(message.protected, coseLabels.ccf);
    const to = textOf(ccf, 'epoch.end.txid');
    const encodedRoot = ccf.get('epoch.end.merkle.root');
    const issuedAt = integerOf(membersOf(message.protected, coseLabels.claims), 6);
    return Object.freeze({
      message,
      key: readEcdsaKey(message.payload),
      from: readTransactionId(textOf(ccf, 'epoch.start.txid') ?? ''),
      ...(to === undefined ? {} : { to: readTransactionId(to) }),
      ...(encodedRoot === undefined ? {} : { lastRoot: new CborReader(encodedRoot).byteString(32) }),
      ...(issuedAt === undefined ? {} : { issuedAt }),
    });
  });
}

/** A record of `public:ccf.internal.previous_service_identity_endorsement`. */
export interface EndorsementRecord {
  /** The COSE message. */
  readonly endorsement: Uint8Array;
  /** The key that signed it: SubjectPublicKeyInfo, DER. */
  readonly endorsingKey: Uint8Array;
  /** `2.1` */
  readonly begin: string;
  readonly end?: string;
  /** Where in the ledger the endorsement before this one stands. */
  readonly previousVersion?: number;
}

/** @throws LEDGER_INVALID */
export function readEndorsementRecord(value: Uint8Array): EndorsementRecord {
  return within('The record of an endorsement', () => {
    const record = new JsonRecord(parseJsonBytes(value, maximumBytes), 'endorsement');
    const end = record.optional('endorsement_epoch_end', string(64));
    const previousVersion = record.optional('previous_version', integer(0, Number.MAX_SAFE_INTEGER));
    return Object.freeze({
      endorsement: fromBase64(record.required('endorsement', string(maximumBytes))),
      endorsingKey: fromBase64(record.required('endorsing_key', string(1024))),
      begin: record.required('endorsement_epoch_begin', string(64)),
      ...(end === undefined ? {} : { end }),
      ...(previousVersion === undefined ? {} : { previousVersion }),
    });
  });
}

/** The value of a record of `public:ccf.internal.previous_service_identity_endorsement`. */
export function writeEndorsementRecord(record: EndorsementRecord): Uint8Array {
  return utf8(
    JSON.stringify({
      endorsement: toBase64(record.endorsement),
      endorsement_epoch_begin: record.begin,
      endorsement_epoch_end: record.end,
      endorsing_key: toBase64(record.endorsingKey),
      previous_version: record.previousVersion,
    }),
  );
}

/**
 * The COSE messages in a file beside a snapshot or a receipt, the newest first.
 * @throws LEDGER_INVALID
 */
export function readEndorsementFile(bytes: Uint8Array): readonly Uint8Array[] {
  return within('The file of endorsements', () => {
    if (bytes.length > sidecar.bytes) {
      return malformed(`The file of endorsements has more than ${sidecar.bytes} bytes.`);
    }
    const reader = new CborReader(bytes);
    const messages = Array.from({ length: reader.array(sidecar.messages) }, () => reader.byteString(maximumBytes));
    reader.end();
    return messages;
  });
}

export function writeEndorsementFile(messages: readonly Uint8Array[]): Uint8Array {
  return cborArray(...messages.map(cborBytes));
}
