import { derBitString, derInteger, derMagnitude, derOid, derSequence, derValue, fromBase64url } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { isJsonObject, parseJsonBytes, type JsonObject, type JsonValue } from '../json/json.ts';

/** How Azure configured the virtual machine, as the paravisor says. What it does not say is absent. */
export interface AzureVmConfiguration {
  readonly secureBoot?: boolean;
  readonly tpmEnabled?: boolean;
  /** The state of the vTPM outlives the machine. */
  readonly tpmPersisted?: boolean;
  /** A serial console is attached. */
  readonly consoleEnabled?: boolean;
  readonly vmUniqueId?: string;
  readonly rootCertificateThumbprint?: string;
}

/** What the hardware report is bound to: the keys of the vTPM, and the configuration. */
export interface AzureRuntimeData {
  /** The attestation key, which signs TPM quotes: SubjectPublicKeyInfo, DER. */
  readonly attestationKey: Uint8Array;
  readonly vmConfiguration: AzureVmConfiguration;
  /** Hex of what the guest wrote into NV index 0x01400002, 64 bytes; empty when there is none. */
  readonly userData: string;
}

const maximumLength = 16_384;
const attestationKeyId = 'HCLAkPub';
const modulusBytes = 256;
/** base64url of 65537. */
const exponent = 'AQAB';

/**
 * Parses the runtime data. Members that are not known here are not looked at:
 * the hardware vouches for all of the text.
 *
 * @throws a CODEC error.
 */
export function parseRuntimeData(bytes: Uint8Array): AzureRuntimeData {
  const document = parseJsonBytes(bytes, maximumLength);
  if (!isJsonObject(document)) throw invalid('are not a JSON object');
  const { keys, 'vm-configuration': configuration, 'user-data': userData = '' } = document;
  if (typeof userData !== 'string' || !/^(?:[0-9a-f]{128})?$/i.test(userData)) {
    throw invalid('have malformed user data');
  }
  return Object.freeze({
    attestationKey: readAttestationKey(keys),
    vmConfiguration: readConfiguration(configuration),
    userData: userData.toLowerCase(),
  });
}

/** The one RSA key of 2048 bits with the name of the attestation key (a JWK, RFC 7517). */
function readAttestationKey(keys: JsonValue | undefined): Uint8Array {
  const list: readonly JsonValue[] = Array.isArray(keys) ? keys : [];
  const [key, ...others] = list.filter((item) => isJsonObject(item) && item['kid'] === attestationKeyId);
  if (!isJsonObject(key) || others.length > 0) throw invalid('do not have one attestation key');
  const { kty, e, n, key_ops: operations } = key;
  const isSigner = Array.isArray(operations) && operations.length === 1 && operations[0] === 'sign';
  if (kty !== 'RSA' || e !== exponent || typeof n !== 'string' || !isSigner) {
    throw invalid('have an attestation key that is not an RSA key for signing');
  }
  const modulus = fromBase64url(n, { maxBytes: modulusBytes });
  if (modulus.length !== modulusBytes || (modulus[0] ?? 0) < 0x80) {
    throw invalid('have an attestation key that is not 2048 bits');
  }
  return encodeRsaKey(modulus);
}

/** SubjectPublicKeyInfo of an RSA key (RFC 3279 section 2.3.1). */
function encodeRsaKey(modulus: Uint8Array): Uint8Array {
  const algorithm = derSequence(derOid('1.2.840.113549.1.1.1'), derValue(0x05, new Uint8Array()));
  return derSequence(algorithm, derBitString(derSequence(derMagnitude(modulus), derInteger(65_537))));
}

function readConfiguration(value: JsonValue | undefined): AzureVmConfiguration {
  if (value === undefined) return Object.freeze({});
  if (!isJsonObject(value)) throw invalid('have a malformed configuration');
  return Object.freeze({
    ...flag(value, 'secure-boot', 'secureBoot'),
    ...flag(value, 'tpm-enabled', 'tpmEnabled'),
    ...flag(value, 'tpm-persisted', 'tpmPersisted'),
    ...flag(value, 'console-enabled', 'consoleEnabled'),
    ...text(value, 'vmUniqueId', 'vmUniqueId'),
    ...text(value, 'root-cert-thumbprint', 'rootCertificateThumbprint'),
  });
}

function flag(object: JsonObject, member: string, name: keyof AzureVmConfiguration): AzureVmConfiguration {
  const value = object[member];
  if (value === undefined) return {};
  if (typeof value !== 'boolean') throw invalid(`have a ${member} that is not true or false`);
  return { [name]: value };
}

function text(object: JsonObject, member: string, name: keyof AzureVmConfiguration): AzureVmConfiguration {
  const value = object[member];
  if (value === undefined) return {};
  if (typeof value !== 'string' || value.length > 256) throw invalid(`have a ${member} that is not a short text`);
  return { [name]: value };
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `The runtime data ${what}.`);
}
