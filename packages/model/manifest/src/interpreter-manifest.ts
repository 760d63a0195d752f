import { decodeValue } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { namedForm, namedType, relayedType, type InterpreterManifest } from './form.ts';
import { check, interpreterRules } from './rules.ts';
import { isRelayed } from './transports.ts';

/**
 * Reads the manifest of an enclave that runs a script.
 * @throws MANIFEST_INVALID, also for bytes that are not such a manifest.
 */
export function decodeInterpreterManifest(encoded: Uint8Array): InterpreterManifest {
  return check(readable(encoded[0] === namedForm ? decodeNamed : decodeRelayed, encoded), interpreterRules);
}

/** @throws MANIFEST_INVALID when `decode` throws */
export function readable<T>(decode: (encoded: Uint8Array) => T, encoded: Uint8Array): T {
  try {
    return decode(encoded);
  } catch (cause) {
    throw new EnclosError('MANIFEST_INVALID', 'The measured pages do not hold a manifest of this version.', { cause });
  }
}

function decodeNamed(encoded: Uint8Array): InterpreterManifest {
  const { manifest } = decodeValue(namedType, encoded);
  if (isRelayed(manifest)) throw new EnclosError('MANIFEST_INVALID', 'Streams that are all relayed have another form.');
  return manifest;
}

function decodeRelayed(encoded: Uint8Array): InterpreterManifest {
  const manifest = decodeValue(relayedType, encoded);
  const relayed = { transport: 'relayed' } as const;
  return {
    ...manifest,
    listen: manifest.listen.map((stream) => ({ ...stream, ...relayed })),
    connect: manifest.connect.map((stream) => ({ ...stream, ...relayed })),
  };
}
