import type { Hash } from 'node:crypto';
import { EnclosError } from '@enclos/errors';
import type { Attributes } from '@enclos/sgx';

/** SECS as the CPU holds it: the identity of the enclave. All of it is public. */
export interface EnclaveIdentity {
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  /** 32 bytes. */
  readonly mrSigner: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly attributes: Attributes;
  readonly miscSelect: number;
  /** 64 bytes. */
  readonly configId: Uint8Array;
  readonly configSvn: number;
  /** 16 bytes. */
  readonly isvFamilyId: Uint8Array;
  /** 16 bytes. */
  readonly isvExtProdId: Uint8Array;
}

/** An initialised enclave: an opaque handle, and a copy of the public identity beside it. */
export interface LoadedEnclave {
  readonly kind: 'enclave';
  readonly identity: EnclaveIdentity;
}

/** An enclave between ECREATE and EINIT. */
export interface EnclaveUnderConstruction {
  readonly kind: 'enclave-under-construction';
}

/** What ECREATE fixes, and the measurement so far. */
export interface Construction {
  readonly sizeBytes: bigint;
  readonly ssaFrameSize: number;
  readonly attributes: Attributes;
  readonly miscSelect: number;
  readonly configId: Uint8Array;
  readonly configSvn: number;
  readonly measurement: Hash;
  readonly pages: Map<bigint, Uint8Array>;
}

/** Makes the public handle. Its bytes are copies: writing to them changes nothing in the CPU. */
export function makeHandle(identity: EnclaveIdentity): LoadedEnclave {
  const copy = Object.freeze({
    ...identity,
    mrEnclave: identity.mrEnclave.slice(),
    mrSigner: identity.mrSigner.slice(),
    configId: identity.configId.slice(),
    isvFamilyId: identity.isvFamilyId.slice(),
    isvExtProdId: identity.isvExtProdId.slice(),
  });
  return Object.freeze({ kind: 'enclave', identity: copy });
}

/** The CPU's table of handles. A handle that is not in the table is refused, whatever it looks like. */
export class EnclaveTable<Handle extends object, State> {
  readonly #states = new WeakMap<Handle, State>();

  add(handle: Handle, state: State): Handle {
    this.#states.set(handle, state);
    return handle;
  }

  /** @throws ENCLAVE_REMOVED */
  get(handle: Handle): State {
    const state = this.#states.get(handle);
    if (state === undefined) throw new EnclosError('ENCLAVE_REMOVED');
    return state;
  }

  /** Removing an absent handle is not a fault (SDM vol. 3D, EREMOVE of an invalid page). */
  remove(handle: Handle): void {
    this.#states.delete(handle);
  }
}
