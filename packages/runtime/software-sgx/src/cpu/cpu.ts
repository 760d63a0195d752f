import { EnclosError } from '@enclos/errors';
import { Attribute, LEGACY_XFRM, parseSigstruct, SgxsReader, type EnclaveGeometry, type PageSpec } from '@enclos/sgx';
import { measureImage } from '@enclos/sgx/node';
import { addPage, createEnclave, extendPage, type EnclaveRequest } from './construction.ts';
import {
  EnclaveTable,
  makeHandle,
  type Construction,
  type EnclaveIdentity,
  type EnclaveUnderConstruction,
  type LoadedEnclave,
} from './enclave.ts';
import { initialise } from './initialise.ts';
import { measurementOf, type MeasuredImage, type MeasuredStream } from './measured-image.ts';
import { baseKeys, getKey, type KeyRoots } from './keys.ts';
import { makeReport } from './report.ts';

export type { LoadedEnclave } from './enclave.ts';

export interface CreateCpuOptions {
  /** 32 secret bytes, the root of every key. */
  readonly fuses: Uint8Array;
  /** 16 bytes: the owner's part of every sealing key. */
  readonly ownerEpoch: Uint8Array;
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly randomBytes: (sizeBytes: number) => Uint8Array;
  /** MRSIGNER (32 bytes) of the signer of the platform's own quoting enclave, which may have PROVISIONKEY. */
  readonly provisionSigner?: Uint8Array;
  /** MRSIGNERs of others whose enclaves may have it too, because the operator of the platform said so. Default: none. */
  readonly provisionSigners?: readonly Uint8Array[];
}

/** What a launch of a measured stream asks for. */
export type StreamLaunch = Pick<EnclaveRequest, 'attributes' | 'miscSelect' | 'configId' | 'configSvn'>;

export interface LoadOptions {
  /** True launches the enclave with the DEBUG attribute, if its signature permits that. */
  readonly debug: boolean;
  /** 64 bytes; needs an enclave that is signed with KSS. */
  readonly configId?: Uint8Array;
  readonly configSvn?: number;
}

/**
 * A software SGX processor. It holds all keys; enclaves and hosts only ever
 * hold handles. Instructions have their SGX names, and throw where the processor would fault or return an error code.
 */
export interface Cpu {
  /** A copy of the current CPUSVN, 16 bytes. */
  cpuSvn(): Uint8Array;
  /** @throws LAUNCH_IMAGE_REFUSED */
  ecreate(request: EnclaveRequest): EnclaveUnderConstruction;
  /** @throws LAUNCH_IMAGE_REFUSED, ENCLAVE_REMOVED */
  eadd(enclave: EnclaveUnderConstruction, page: PageSpec): void;
  /** @throws LAUNCH_IMAGE_REFUSED, ENCLAVE_REMOVED */
  eextend(enclave: EnclaveUnderConstruction, offset: bigint): void;
  /**
   * Ends the construction: its handle becomes invalid, and the result is the enclave's handle.
   * @throws SIGSTRUCT_INVALID, SIGSTRUCT_SIGNATURE, LAUNCH_MEASUREMENT_MISMATCH, LAUNCH_DEBUG_REFUSED,
   *   LAUNCH_ATTRIBUTES_REFUSED, ENCLAVE_REMOVED
   */
  einit(enclave: EnclaveUnderConstruction, sigstruct: Uint8Array): LoadedEnclave;
  /** Afterwards the handle is refused everywhere. Removing twice is not an error. */
  eremove(enclave: LoadedEnclave | EnclaveUnderConstruction): void;
  /**
   * Loads a whole image of the strict profile, in memory or measured on arrival: the same result as the single instructions,
   * but the stream is hashed once. The attributes are MODE64BIT, DEBUG when asked for, and KSS and PROVISIONKEY when the
   * signature asks for them. The caller must not write to the bytes meanwhile.
   *
   * @throws SGXS_INVALID and what `ecreate` and `einit` throw
   */
  load(image: Uint8Array | MeasuredImage, sigstruct: Uint8Array, options: LoadOptions): LoadedEnclave;
  /**
   * ECREATE and EINIT of a stream that was measured while it passed on, with the attributes that the launch asks for.
   * @throws what `ecreate` and `einit` throw
   */
  initialise(stream: MeasuredStream, sigstruct: Uint8Array, launch: StreamLaunch): LoadedEnclave;
  /**
   * @param targetInfo 512 bytes
   * @param reportData 64 bytes
   * @returns 432 bytes
   * @throws REPORT_REQUEST_INVALID, ENCLAVE_REMOVED
   */
  ereport(enclave: LoadedEnclave, targetInfo: Uint8Array, reportData: Uint8Array): Uint8Array;
  /**
   * @param keyRequest 512 bytes
   * @returns 16 secret bytes
   * @throws KEY_REQUEST_INVALID, KEY_NOT_PERMITTED, KEY_SVN_TOO_NEW, KEY_CPUSVN_TOO_NEW, KEY_CONFIGSVN_TOO_NEW, ENCLAVE_REMOVED
   */
  egetkey(enclave: LoadedEnclave, keyRequest: Uint8Array): Uint8Array;
}

/** @throws CODEC_OUT_OF_RANGE for a secret or a CPUSVN of another length. */
export function createCpu(options: CreateCpuOptions): Cpu {
  requireLengths(options);
  const roots: KeyRoots = {
    baseKeys: baseKeys(options.fuses),
    ownerEpoch: options.ownerEpoch.slice(),
    cpuSvn: options.cpuSvn.slice(),
  };
  const { provisionSigner, provisionSigners: others = [] } = options;
  const provisionSigners = [...(provisionSigner === undefined ? [] : [provisionSigner]), ...others].map((signer) =>
    signer.slice(),
  );
  const reportKeyId = options.randomBytes(32).slice();
  const constructions = new EnclaveTable<EnclaveUnderConstruction, Construction>();
  const enclaves = new EnclaveTable<LoadedEnclave, EnclaveIdentity>();
  const admit = (identity: EnclaveIdentity) => enclaves.add(makeHandle(identity), identity);
  return Object.freeze<Cpu>({
    cpuSvn: () => roots.cpuSvn.slice(),
    ecreate: (request) =>
      constructions.add(Object.freeze({ kind: 'enclave-under-construction' as const }), createEnclave(request)),
    eadd: (enclave, page) => addPage(constructions.get(enclave), page),
    eextend: (enclave, offset) => extendPage(constructions.get(enclave), offset),
    einit: (enclave, sigstruct) => {
      const construction = constructions.get(enclave);
      const mrEnclave = new Uint8Array(construction.measurement.copy().digest());
      const identity = initialise({ ...construction, mrEnclave }, sigstruct, { provisionSigners });
      constructions.remove(enclave);
      return admit(identity);
    },
    eremove: (enclave) => {
      if (enclave.kind === 'enclave') enclaves.remove(enclave);
      else constructions.remove(enclave);
    },
    load: (image, sigstruct, launch) => {
      const isStream = image instanceof Uint8Array;
      const geometry = isStream ? readGeometry(image) : image.pages.geometry;
      const construction = createEnclave(loadRequest(geometry, sigstruct, launch));
      const mrEnclave = isStream ? measureImage(image, { profile: 'strict' }) : measurementOf(image);
      return admit(initialise({ ...construction, mrEnclave }, sigstruct, { provisionSigners }));
    },
    initialise: (stream, sigstruct, launch) => {
      const construction = createEnclave({ ...stream.geometry, ...launch });
      return admit(initialise({ ...construction, mrEnclave: measurementOf(stream) }, sigstruct, { provisionSigners }));
    },
    ereport: (enclave, targetInfo, reportData) =>
      makeReport(roots, enclaves.get(enclave), { targetInfo, reportData, keyId: reportKeyId }),
    egetkey: (enclave, keyRequest) => getKey(roots, enclaves.get(enclave), keyRequest),
  });
}

function requireLengths({ fuses, ownerEpoch, cpuSvn, provisionSigner, provisionSigners }: CreateCpuOptions): void {
  if (fuses.length !== 32 || ownerEpoch.length !== 16 || cpuSvn.length !== 16) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'Fuses are 32 bytes, owner epoch and CPUSVN 16.');
  }
  if ([provisionSigner, ...(provisionSigners ?? [])].some((signer) => signer !== undefined && signer.length !== 32)) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'An MRSIGNER is 32 bytes.');
  }
}

function loadRequest(
  geometry: EnclaveGeometry,
  sigstruct: Uint8Array,
  { debug, configId, configSvn }: LoadOptions,
): EnclaveRequest {
  const asked = parseSigstruct(sigstruct).attributes.flags & (Attribute.KSS | Attribute.PROVISIONKEY);
  return {
    ...geometry,
    attributes: { flags: Attribute.MODE64BIT | (debug ? Attribute.DEBUG : 0n) | asked, xfrm: LEGACY_XFRM },
    miscSelect: 0,
    ...(configId === undefined ? {} : { configId }),
    ...(configSvn === undefined ? {} : { configSvn }),
  };
}

/** The ECREATE record, the first 64 bytes of a stream. */
function readGeometry(sgxs: Uint8Array): EnclaveGeometry {
  const [first] = new SgxsReader({ profile: 'strict', maxBytes: 64 }).push(sgxs.subarray(0, 64));
  if (first?.kind === 'ecreate') return first;
  throw new EnclosError('SGXS_INVALID', 'The stream does not begin with ECREATE.');
}
