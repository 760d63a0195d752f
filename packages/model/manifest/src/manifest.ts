import { decodeValue, encodeValue } from '@enclos/edl';
import { decodeCompanions, encodeCompanions, hasCompanions } from './companions/companion-form.ts';
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
  const { companions, ...base } = manifest;
  if (companions !== undefined) return encodeCompanions({ companions, base: encodeManifest(base) });
  if (!isRelayed(check(manifest, interpreterRules))) return encodeValue(namedType, { form: namedForm, manifest });
  return encodeValue(relayedType, {
    ...manifest,
    listen: manifest.listen.map((stream) => ({ name: stream.name, port: stream.port })),
    connect: manifest.connect.map((stream) => ({ name: stream.name, host: stream.host, port: stream.port })),
  });
}

/** @throws MANIFEST_INVALID, also for bytes that are not a manifest. */
export function decodeManifest(encoded: Uint8Array): EnclaveManifest {
  if (encoded[0] === programForm) return check(readable(decodeProgram, encoded), programRules);
  if (!hasCompanions(encoded)) return decodeInterpreterManifest(encoded);
  const { companions, base } = decodeCompanions(encoded);
  return Object.freeze({ ...decodeInterpreterManifest(base), companions });
}

function decodeProgram(encoded: Uint8Array): ProgramManifest {
  return decodeValue(programType, encoded).manifest;
}
