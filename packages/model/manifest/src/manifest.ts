import { decodeValue, encodeValue } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import {
  isProgramManifest,
  namedForm,
  namedType,
  programForm,
  programType,
  relayedType,
  type EnclaveManifest,
  type InterpreterManifest,
  type ProgramManifest,
} from './form.ts';
import { checkInterpreterManifest, checkProgramManifest } from './rules.ts';
import { isRelayed } from './transports.ts';

/** @throws MANIFEST_INVALID naming the field, EDL_VALUE_REFUSED for a bound. */
export function encodeManifest(manifest: EnclaveManifest): Uint8Array {
  if (isProgramManifest(manifest)) {
    return encodeValue(programType, { form: programForm, manifest: checkProgramManifest(manifest) });
  }
  if (!isRelayed(checkInterpreterManifest(manifest))) return encodeValue(namedType, { form: namedForm, manifest });
  return encodeValue(relayedType, {
    ...manifest,
    listen: manifest.listen.map((stream) => ({ name: stream.name, port: stream.port })),
    connect: manifest.connect.map((stream) => ({ name: stream.name, host: stream.host, port: stream.port })),
  });
}

/** @throws MANIFEST_INVALID, also for bytes that are not a manifest. */
export function decodeManifest(encoded: Uint8Array): EnclaveManifest {
  return encoded[0] === programForm
    ? checkProgramManifest(readable(decodeProgram, encoded))
    : decodeInterpreterManifest(encoded);
}

/**
 * Reads the manifest of an enclave that runs a script.
 * @throws MANIFEST_INVALID, also for bytes that are not such a manifest.
 */
export function decodeInterpreterManifest(encoded: Uint8Array): InterpreterManifest {
  return checkInterpreterManifest(readable(encoded[0] === namedForm ? decodeNamed : decodeRelayed, encoded));
}

function readable<T>(decode: (encoded: Uint8Array) => T, encoded: Uint8Array): T {
  try {
    return decode(encoded);
  } catch (cause) {
    throw new EnclosError('MANIFEST_INVALID', 'The measured pages do not hold a manifest of this version.', { cause });
  }
}

function decodeProgram(encoded: Uint8Array): ProgramManifest {
  return decodeValue(programType, encoded).manifest;
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
