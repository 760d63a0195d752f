import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u16 } from '../big-endian.ts';
import { isKemId, lengthsOf, symmetricSuiteOf, type HpkeSuite, type KemId, type SymmetricSuite } from '../suites.ts';

/** A key configuration (RFC 9458, section 3.1). */
export interface KeyConfig {
  /** One byte. */
  readonly keyId: number;
  readonly kem: KemId;
  readonly publicKey: Uint8Array;
  /** In the order of the service's preference; those that are not known here are left out. */
  readonly suites: readonly SymmetricSuite[];
}

/** `application/ohttp-keys`. */
export const keyConfigType = 'application/ohttp-keys';
const maximumListBytes = 65_536;

export function encodeKeyConfig({ keyId, kem, publicKey, suites }: KeyConfig): Uint8Array {
  if (keyId < 0 || keyId > 0xff || publicKey.length !== lengthsOf(kem).publicKey || suites.length === 0) {
    return refuse('A key configuration has no suite, or a key or key id of another length.');
  }
  const pairs = suites.flatMap(({ kdf, aead }) => [u16(kdf), u16(aead)]);
  return concatBytes(Uint8Array.of(keyId), u16(kem), publicKey, u16(4 * suites.length), ...pairs);
}

/** The list form of `application/ohttp-keys` (RFC 9458, section 3.2): each configuration after its length. */
export function encodeKeyConfigList(configs: readonly KeyConfig[]): Uint8Array {
  const encoded = configs.map((config) => encodeKeyConfig(config));
  return concatBytes(...encoded.flatMap((config) => [u16(config.length), config]));
}

/**
 * One configuration without a length before it, as RFC 9458 prints it and EHBP sends it.
 *
 * @throws OHTTP_KEYS_INVALID for another form, HPKE_UNSUPPORTED for a KEM or suites that are not known here.
 */
export function parseKeyConfig(bytes: Uint8Array): KeyConfig {
  const kem = u16At(bytes, 1);
  if (!isKemId(kem)) throw new EnclosError('HPKE_UNSUPPORTED', 'The key configuration has a KEM that is not known.');
  const suitesAt = 3 + lengthsOf(kem).publicKey;
  const suitesBytes = u16At(bytes, suitesAt);
  if (suitesBytes === 0 || suitesBytes % 4 !== 0 || bytes.length !== suitesAt + 2 + suitesBytes) {
    return refuse('The suites of a key configuration do not fill it to its end.');
  }
  const suites: SymmetricSuite[] = [];
  for (let at = suitesAt + 2; at < bytes.length; at += 4) {
    const suite = symmetricSuiteOf(u16At(bytes, at), u16At(bytes, at + 2));
    if (suite !== undefined) suites.push(suite);
  }
  if (suites.length === 0) throw new EnclosError('HPKE_UNSUPPORTED', 'The key configuration has no known suite.');
  const publicKey = bytes.slice(3, suitesAt);
  return Object.freeze({ keyId: bytes[0] ?? 0, kem, publicKey, suites: Object.freeze(suites) });
}

/**
 * The configurations of `application/ohttp-keys`. Those with a KEM or suites that are not known here are passed over, as
 * section 3.2 of RFC 9458 has it.
 *
 * @throws OHTTP_KEYS_INVALID for another form.
 */
export function parseKeyConfigList(bytes: Uint8Array): readonly KeyConfig[] {
  if (bytes.length > maximumListBytes) {
    return refuse(`The key configurations have more than ${maximumListBytes} bytes.`);
  }
  const configs: KeyConfig[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = u16At(bytes, at);
    const end = at + 2 + length;
    if (end > bytes.length) return refuse('A key configuration is cut off.');
    const config = unlessUnsupported(bytes.subarray(at + 2, end));
    if (config !== undefined) configs.push(config);
    at = end;
  }
  return Object.freeze(configs);
}

function unlessUnsupported(bytes: Uint8Array): KeyConfig | undefined {
  try {
    return parseKeyConfig(bytes);
  } catch (error) {
    if (error instanceof EnclosError && error.code === 'HPKE_UNSUPPORTED') return undefined;
    throw error;
  }
}

/** The suite of a configuration that a client uses: the first, or the one that it asks for. */
export function chooseSuite({ kem, suites }: KeyConfig, wanted?: SymmetricSuite): HpkeSuite {
  const found =
    wanted === undefined ? suites[0] : suites.find(({ kdf, aead }) => kdf === wanted.kdf && aead === wanted.aead);
  if (found === undefined) throw new EnclosError('HPKE_UNSUPPORTED', 'The key configuration does not have this suite.');
  return { kem, kdf: found.kdf, aead: found.aead };
}

function u16At(bytes: Uint8Array, at: number): number {
  const [high, low] = bytes.subarray(at, at + 2);
  return high === undefined || low === undefined ? refuse('A key configuration is cut off.') : high * 256 + low;
}

function refuse(message: string): never {
  throw new EnclosError('OHTTP_KEYS_INVALID', message);
}
