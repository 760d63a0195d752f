import { coseAlgorithms, coseSigningInput, readCoseSign1, type CoseSign1 } from '@enclos/cose';
import { fromPem } from '@enclos/codec/pem';
import { decodeLatin1 } from '@enclos/codec/text';
import { readCertificateShape } from '@enclos/codec/x509';
import { isEnclosError } from '@enclos/errors';
import { publicKeyOfSpki } from '@enclos/jose';
import { nodePublicKeyOf, verifyJwsSync } from '@enclos/jose/node';
import type { AuthnContext, AuthnFinding } from '../contract/caller.ts';
import { certificateOf, dataOf, type Party } from './certificates.ts';

const maximumCertificateLength = 65_536;
const allowed = new Set<string>(['ES256', 'ES384', 'ES512']);

/** `user_cose_sign1` and `member_cose_sign1`: the body is a message that a user or member signed (CCF, cose_auth.cpp). */
export function authenticateSignedBody({ request, transaction }: AuthnContext, party: Party): AuthnFinding {
  const contentType = request.headers.get('content-type');
  if (contentType === undefined) return { refusal: 'Missing content-type header' };
  if (contentType !== 'application/cose') return { refusal: 'Content type is not set to application/cose' };
  const message = readMessage(request.body);
  if (message === undefined) return { failure: 'Failed to parse COSE_Sign1 outer array' };
  if (message.kid === undefined) return { failure: 'Missing kid in protected header' };
  if (message.payload === undefined) return { refusal: 'Failed to validate COSE Sign1' };
  if (!allowed.has(message.algorithm)) {
    return { refusal: `Unsupported algorithm: ${coseAlgorithms[message.algorithm].value}` };
  }
  const id = decodeLatin1(message.kid);
  const cert = certificateOf(transaction, party, id);
  if (cert === undefined) return { refusal: `Signer is not a known ${party}` };
  if (!isSignedBy(message, cert)) return { refusal: 'Failed to validate COSE Sign1' };
  const caller = { policy: `${party}_cose_sign1`, id, data: dataOf(transaction, party, id), cert, cose: {} };
  return { caller, content: message.payload };
}

function readMessage(body: Uint8Array): CoseSign1 | undefined {
  try {
    return readCoseSign1(body, { maxBytes: body.length });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}

function isSignedBy(message: CoseSign1, pem: string): boolean {
  try {
    const [certificate = new Uint8Array()] = fromPem('CERTIFICATE', pem, maximumCertificateLength);
    const key = nodePublicKeyOf(publicKeyOfSpki(readCertificateShape(certificate).publicKey));
    const { algorithm, signature } = message;
    return verifyJwsSync({ algorithm, signature, signingInput: coseSigningInput(message) }, key);
  } catch (error) {
    // A certificate that governance wrote with a key of another kind signs nothing.
    if (!isEnclosError(error)) throw error;
    return false;
  }
}
