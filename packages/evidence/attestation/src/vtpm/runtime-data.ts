import { derBitString, derInteger, derMagnitude, derOid, derSequence, derValue, fromBase64url } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  array,
  boolean,
  isJsonObject,
  JsonRecord,
  meaning,
  parseJsonBytes,
  string,
  type JsonRule,
  type JsonValue,
} from '@enclos/codec/json';

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
const userData = meaning('64 bytes of hex, or empty', (text) =>
  /^(?:[0-9a-f]{128})?$/i.test(text) ? text.toLowerCase() : undefined,
);
const shortText = string(256);
const configurationMembers: readonly (readonly [keyof AzureVmConfiguration, string, JsonRule<boolean | string>])[] = [
  ['secureBoot', 'secure-boot', boolean],
  ['tpmEnabled', 'tpm-enabled', boolean],
  ['tpmPersisted', 'tpm-persisted', boolean],
  ['consoleEnabled', 'console-enabled', boolean],
  ['vmUniqueId', 'vmUniqueId', shortText],
  ['rootCertificateThumbprint', 'root-cert-thumbprint', shortText],
];

/**
 * Parses the runtime data. Members that are not known here are not looked at:
 * the hardware vouches for all of the text.
 *
 * @throws a CODEC error.
 */
export function parseRuntimeData(bytes: Uint8Array): AzureRuntimeData {
  const data = new JsonRecord(parseJsonBytes(bytes, maximumLength), 'runtime data');
  return Object.freeze({
    attestationKey: readAttestationKey(data.optional('keys', array(0, maximumLength)) ?? []),
    vmConfiguration: data.has('vm-configuration')
      ? readConfiguration(data.record('vm-configuration'))
      : Object.freeze({}),
    userData: data.optional('user-data', userData) ?? '',
  });
}

/** The one RSA key of 2048 bits with the name of the attestation key (a JWK, RFC 7517). */
function readAttestationKey(keys: readonly JsonValue[]): Uint8Array {
  const [key, ...others] = keys.filter((item) => isJsonObject(item) && item['kid'] === attestationKeyId);
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

function readConfiguration(configuration: JsonRecord): AzureVmConfiguration {
  const read = configurationMembers.map(([name, member, rule]) => [name, configuration.optional(member, rule)]);
  // Each name has a value of its rule.
  return Object.freeze(Object.fromEntries(read.filter(([, value]) => value !== undefined)) as AzureVmConfiguration);
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `The runtime data ${what}.`);
}
