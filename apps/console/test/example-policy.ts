import { toHex } from '@enclos/codec';
import type { JsonObject } from '@enclos/codec/json';
import { exampleSgxReport } from '@enclos/evidence-kit';

/** A policy for the enclave of the kit, under one software root. */
export function policyFor(fingerprint: string, changes: JsonObject = {}): JsonObject {
  return {
    mrEnclave: [toHex(exampleSgxReport.mrEnclave)],
    minimumSecurityVersion: 0,
    acceptedStatuses: ['OK'],
    intelRoot: false,
    softwareRoots: [fingerprint],
    ...changes,
  };
}
