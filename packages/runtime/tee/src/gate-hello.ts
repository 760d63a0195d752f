import { bytes, decodeValue, encodeValue, record, string, uint16 } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';

/** The first message of host and enclave. Neither side trusts it; it turns a mix-up into a clear error. */
const helloType = record({
  protocol: uint16(),
  name: string({ maxBytes: 64 }),
  /** SHA-256 of the interface's canonical description. */
  interfaceDigest: bytes({ exactBytes: 32 }),
});

const protocol = 1;

export interface GateHello {
  readonly name: string;
  readonly interfaceDigest: Uint8Array;
}

/** The tables of the gate: each names the interface of a function index. */
export const GateTable = Object.freeze({ application: 0, system: 1 });

export function encodeGateHello(hello: GateHello): Uint8Array {
  return encodeValue(helloType, { protocol, ...hello });
}

/** @throws TEE_PROTOCOL_MISMATCH, EDL_VALUE_REFUSED */
export function decodeGateHello(payload: Uint8Array): GateHello {
  const hello = decodeValue(helloType, payload);
  if (hello.protocol !== protocol) throw new EnclosError('TEE_PROTOCOL_MISMATCH');
  return Object.freeze({ name: hello.name, interfaceDigest: hello.interfaceDigest });
}
