import { createPublicKey, verify } from 'node:crypto';
import { ByteReader, ByteWriter, equalBytes, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { maximumCertificateBytes, type AppraiseCertificate, type AppraisedCertificate } from '../peers/appraisal.ts';
import { refuseState } from '../errors.ts';
import type { Protection, RecordPlace } from './protection.ts';
import { recordIssuer, type RecordKey } from './record-key.ts';
import { sha256 } from './state-record.ts';

interface Tags {
  readonly envelope: Uint8Array;
  readonly signature: Uint8Array;
}

const signatureBytes = 64;

/**
 * For a store that replicas share: each signs what it writes with its record key, whose certificate stands in the record, so
 * that it can be read when its writer is long gone. Only for documents that are not secret.
 *
 * A record is: tag, u32 length and certificate, signature (64 bytes), record. The signature is over a second tag, key and
 * issuer with their u16 lengths, the SHA-256 of the certificate, and the record.
 */
export function signedProtection(service: string, own: RecordKey, appraise: AppraiseCertificate): Protection {
  const tags: Tags = {
    envelope: utf8(`enclos.${service}-signed.v1`),
    signature: utf8(`enclos.${service}-state-signature.v1`),
  };
  return {
    protect(record, place) {
      const signature = own.sign(signedBytes(tags, { record, certificate: own.certificate }, place));
      const writer = new ByteWriter().bytes(tags.envelope).u32(own.certificate.length).bytes(own.certificate);
      return Promise.resolve(writer.fixed(signature, signatureBytes).bytes(record).finish());
    },
    async open(bytes, place) {
      const envelope = readEnvelope(bytes, tags.envelope);
      const writer = await appraised(envelope.certificate, appraise);
      if (writer.issuer !== recordIssuer(place.issuer)) refuseState('writer');
      checkSignature(writer, envelope, signedBytes(tags, envelope, place));
      return { record: envelope.record, configurationDigest: writer.configuration };
    },
  };
}

interface Envelope {
  readonly certificate: Uint8Array;
  readonly signature: Uint8Array;
  readonly record: Uint8Array;
}

function readEnvelope(bytes: Uint8Array, tag: Uint8Array): Envelope {
  try {
    const reader = new ByteReader(bytes);
    if (!equalBytes(reader.view(tag.length), tag)) throw new EnclosError('CODEC_INVALID', 'No record.');
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
    if (!isEnclosError(error, 'SERVICE_PEER_REFUSED')) throw error;
    return refuseState('writer', error);
  }
}

function checkSignature({ publicKey }: AppraisedCertificate, { signature }: Envelope, signed: Uint8Array): void {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') refuseState('writer');
  if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)) refuseState('protection');
}

function signedBytes(
  tags: Tags,
  { record, certificate }: Pick<Envelope, 'record' | 'certificate'>,
  { key, issuer }: RecordPlace,
): Uint8Array {
  const [keyBytes, issuerBytes] = [utf8(key), utf8(issuer)];
  const writer = new ByteWriter({ sizeHint: record.length + 512 }).bytes(tags.signature);
  writer.u16(keyBytes.length).bytes(keyBytes).u16(issuerBytes.length).bytes(issuerBytes);
  return writer.bytes(sha256(certificate)).bytes(record).finish();
}
