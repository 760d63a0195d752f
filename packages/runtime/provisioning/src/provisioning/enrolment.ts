import { sign, verify, type KeyObject } from 'node:crypto';
import { concatBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import { hex, integer, oneOf, readShape, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { p256PublicKey } from '../keys/p256.ts';
import { pckKeyPair, platformInstanceId, type Machine } from './machine.ts';
import { separationOf } from './tcb.ts';

const requestFormat = 'enclos-enrolment-1';

/** The request that a machine sends to a vendor, as JSON. All byte strings are in hex. Nothing in it is secret. */
export interface EnrolmentRequest {
  readonly format: typeof requestFormat;
  readonly ppid: string;
  readonly platformInstanceId: string;
  readonly cpuSvn: string;
  readonly pceSvn: number;
  /** x ‖ y of the PCK key. */
  readonly publicKey: string;
  /** r ‖ s: the PCK key's signature over all of the above. */
  readonly proof: string;
}

const requestShape = {
  format: oneOf(requestFormat),
  ppid: hex(16),
  platformInstanceId: hex(16),
  cpuSvn: hex(16),
  pceSvn: integer(0, 0xffff),
  publicKey: hex(64),
  proof: hex(64),
};

/** Asks for a PCK certificate for the machine's current CPUSVN and PCESVN. */
export function enrolmentRequest(machine: Machine): EnrolmentRequest {
  const { privateKey, publicKey } = pckKeyPair(machine);
  const content = {
    format: requestFormat,
    ppid: machine.ppid,
    platformInstanceId: toHex(platformInstanceId(machine)),
    cpuSvn: machine.cpuSvn,
    pceSvn: machine.pceSvn,
    publicKey: toHex(publicKey),
  } as const;
  return signRequest(content, privateKey);
}

/** Adds the proof of possession. */
export function signRequest(content: Omit<EnrolmentRequest, 'proof'>, privateKey: KeyObject): EnrolmentRequest {
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return Object.freeze({ ...content, proof: sign('sha256', provenBytes(content), key).toString('hex') });
}

/**
 * Parses a request and checks its proof of possession.
 *
 * @throws ENROLMENT_REFUSED
 */
export function parseEnrolmentRequest(value: unknown): EnrolmentRequest {
  let request: EnrolmentRequest;
  try {
    request = readShape(value as JsonValue, 'request', requestShape);
  } catch (cause) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The enrolment request is malformed.', { cause });
  }
  if (separationOf(request.cpuSvn) === undefined) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The CPUSVN does not say a separation.');
  }
  const key = p256PublicKey(fromHex(request.publicKey));
  const proof = fromHex(request.proof);
  if (!verify('sha256', provenBytes(request), { key, dsaEncoding: 'ieee-p1363' }, proof)) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The request is not signed by its own key.');
  }
  return request;
}

function provenBytes(request: Omit<EnrolmentRequest, 'proof'>): Uint8Array {
  const { pceSvn } = request;
  return concatBytes(
    utf8(`${request.format}\0`),
    ...[request.ppid, request.platformInstanceId, request.cpuSvn].map(fromHex),
    Uint8Array.of(pceSvn & 0xff, pceSvn >> 8),
    fromHex(request.publicKey),
  );
}
