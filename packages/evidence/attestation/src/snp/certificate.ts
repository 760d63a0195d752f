import {
  parseCertificate,
  readPublicKeyInfo,
  readRsaPublicKey,
  type CertificateForm,
  type SignatureForm,
  type X509Certificate,
} from '@enclos/codec/x509';
import { equalBytes, fromHex, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** A public key of AMD's PKI: RSA of 4096 bits for authorities, a point of P-384 for keys that sign reports. */
export interface AmdPublicKey {
  readonly kind: 'rsa-4096' | 'p-384';
  /** SubjectPublicKeyInfo, DER. */
  readonly encoded: Uint8Array;
}

/** A certificate of AMD's: ARK, ASK, ASVK, VCEK or VLEK. */
export type AmdCertificate = X509Certificate<AmdPublicKey>;

const rsaEncryption = '1.2.840.113549.1.1.1';
const ecPublicKey = '1.2.840.10045.2.1';
const secp384r1 = '1.3.132.0.34';
const modulusBytes = 512;

/**
 * AlgorithmIdentifier RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of
 * 48 bytes (RFC 4055 section 3.1). AMD's older certificates spell out the
 * default trailer field, which DER forbids; no other form is accepted.
 */
const pssWithSha384 = [
  '304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101',
  '304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130',
].map(fromHex);

/** How AMD's authorities sign certificates and revocation lists. */
export const amdSignatureForm: SignatureForm = Object.freeze({
  checkAlgorithm(identifier: Uint8Array): void {
    if (!pssWithSha384.some((known) => equalBytes(identifier, known))) {
      throw new EnclosError('CODEC_INVALID', 'A signature algorithm other than RSASSA-PSS with SHA-384.');
    }
  },
  readSignature(bits: Uint8Array): Uint8Array {
    if (bits.length !== modulusBytes) {
      throw new EnclosError('CODEC_INVALID', `A signature that is not ${modulusBytes} bytes.`);
    }
    return bits;
  },
});

const amdForm: CertificateForm<AmdPublicKey> = Object.freeze({ ...amdSignatureForm, readPublicKey });

/** @throws a CODEC error. */
export function parseAmdCertificate(input: Uint8Array): AmdCertificate {
  return parseCertificate(input, amdForm);
}

function readPublicKey(encoded: Uint8Array): AmdPublicKey {
  const { algorithm, parameters, key } = readPublicKeyInfo(encoded);
  const isRsa = algorithm === rsaEncryption;
  if (isRsa) {
    // RFC 3279 section 2.3.1: the parameters are NULL.
    if (parameters.element(0x05).content.length > 0) throw new EnclosError('CODEC_INVALID', 'A NULL with content.');
  } else if (algorithm !== ecPublicKey || parameters.objectIdentifier() !== secp384r1) {
    throw new EnclosError('CODEC_INVALID', 'A public key that is neither RSA nor on P-384.');
  }
  parameters.end();
  if (isRsa) checkRsaKey(key);
  // RFC 5480 section 2.2: uncompressed.
  else if (key.length !== 97 || key[0] !== 4) throw new EnclosError('CODEC_INVALID', 'Not a point of P-384.');
  return Object.freeze({ kind: isRsa ? 'rsa-4096' : 'p-384', encoded });
}

/** An RSA key of 4096 bits with the exponent 65537. */
function checkRsaKey(bytes: Uint8Array): void {
  const { modulus, exponent } = readRsaPublicKey(bytes, modulusBytes);
  const isLong = modulus.length === modulusBytes && (modulus[0] ?? 0) >= 0x80;
  if (!isLong || toHex(exponent) !== '010001') {
    throw new EnclosError('CODEC_INVALID', 'Not an RSA key of 4096 bits and 65537.');
  }
}
