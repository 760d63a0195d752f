import { decodeValue, encodeValue } from '@enclos/edl';
import { namedForm, namedType, relayedType } from './form.ts';
import { decodeInterpreterManifest, readable } from './interpreter-manifest.ts';
import {
  isProgramManifest,
  programForm,
  programType,
  type EnclaveManifest,
  type ProgramManifest,
} from './program-form.ts';
import { programRules } from './program-rules.ts';
import { check, interpreterRules } from './rules.ts';
import { isRelayed } from './transports.ts';

/** @throws MANIFEST_INVALID naming the field, EDL_VALUE_REFUSED for a bound. */
export function encodeManifest(manifest: EnclaveManifest): Uint8Array {
  if (isProgramManifest(manifest)) {
    return encodeValue(programType, { form: programForm, manifest: check(manifest, programRules) });
  }
  if (!isRelayed(check(manifest, interpreterRules))) return encodeValue(namedType, { form: namedForm, manifest });
  return encodeValue(relayedType, {
    ...manifest,
    listen: manifest.listen.map((stream) => ({ name: stream.name, port: stream.port })),
    connect: manifest.connect.map((stream) => ({ name: stream.name, host: stream.host, port: stream.port })),
  });
}

/** @throws MANIFEST_INVALID, also for bytes that are not a manifest. */
export function decodeManifest(encoded: Uint8Array): EnclaveManifest {
  return encoded[0] === programForm
    ? check(readable(decodeProgram, encoded), programRules)
    : decodeInterpreterManifest(encoded);
}

function decodeProgram(encoded: Uint8Array): ProgramManifest {
  return decodeValue(programType, encoded).manifest;
}
