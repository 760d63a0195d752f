import { createPublicKey, verify } from 'node:crypto';
import { ByteReader, ByteWriter, equalBytes, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { maximumCertificateBytes, type AppraiseCertificate, type AppraisedCertificate } from '../peers/appraisal.ts';
import { refuseState } from '../errors.ts';
import type { OpenedRecord, Protection, RecordPlace } from './protection.ts';
import { recordIssuer, type RecordKey } from './record-key.ts';
import { sha256 } from './state-record.ts';

const envelopeTag = utf8('enclos.attestation-signed.v1');
const signatureTag = utf8('enclos.attestation-state-signature.v1');
const signatureBytes = 64;

/**
 * For a store that replicas share: each signs what it writes with its record key, whose certificate stands in the record, so
 * that it can be read when its writer is long gone. The state itself is no secret: `/policies` shows it.
 *
 * A record is: tag, u32 length and certificate, signature (64 bytes), record. The signature is over a tag of its own, key and
 * issuer with their u16 lengths, the SHA-256 of the certificate, and the record.
 */
export function signedProtection(own: RecordKey, appraise: AppraiseCertificate): Protection {
  return {
    protect(record, place) {
      const signature = own.sign(signedBytes(record, place, own.certificate));
      const writer = new ByteWriter().bytes(envelopeTag).u32(own.certificate.length).bytes(own.certificate);
      return Promise.resolve(writer.fixed(signature, signatureBytes).bytes(record).finish());
    },
    async open(bytes, place) {
      const envelope = readEnvelope(bytes);
      const writer = await appraised(envelope.certificate, appraise);
      if (writer.issuer !== recordIssuer(place.issuer)) refuseState('writer');
      return openWith(writer, envelope, place);
    },
  };
}

interface Envelope {
  readonly certificate: Uint8Array;
  readonly signature: Uint8Array;
  readonly record: Uint8Array;
}

function readEnvelope(bytes: Uint8Array): Envelope {
  try {
    const reader = new ByteReader(bytes);
    if (!equalBytes(reader.view(envelopeTag.length), envelopeTag)) throw new EnclosError('CODEC_INVALID', 'No record.');
    const length = reader.u32();
    if (length > maximumCertificateBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A certificate over its bound.');
    const certificate = reader.bytes(length);
    const signature = reader.bytes(signatureBytes);
    return { certificate, signature, record: reader.bytes(reader.remaining) };
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return refuseState('well-formed', error);
  }
}

async function appraised(certificate: Uint8Array, appraise: AppraiseCertificate): Promise<AppraisedCertificate> {
  try {
    return await appraise(certificate);
  } catch (error) {
    // Endorsements that cannot be had say nothing about the record.
    if (!isEnclosError(error, 'ATTESTATION_PEER_REFUSED')) throw error;
    return refuseState('writer', error);
  }
}

function openWith(writer: AppraisedCertificate, envelope: Envelope, place: RecordPlace): OpenedRecord {
  const { certificate, signature, record } = envelope;
  const key = createPublicKey({ key: Buffer.from(writer.publicKey), format: 'der', type: 'spki' });
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') refuseState('writer');
  const data = signedBytes(record, place, certificate);
  if (!verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)) refuseState('protection');
  return { record, configurationDigest: writer.configuration };
}

function signedBytes(record: Uint8Array, { key, issuer }: RecordPlace, certificate: Uint8Array): Uint8Array {
  const [keyBytes, issuerBytes] = [utf8(key), utf8(issuer)];
  const writer = new ByteWriter({ sizeHint: record.length + 512 }).bytes(signatureTag);
  writer.u16(keyBytes.length).bytes(keyBytes).u16(issuerBytes.length).bytes(issuerBytes);
  return writer.bytes(sha256(certificate)).bytes(record).finish();
}
