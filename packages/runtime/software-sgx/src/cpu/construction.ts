import { createHash } from 'node:crypto';
import { ByteWriter, isZero, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  Attribute,
  isEnclaveSize,
  isPageFlags,
  isPageOffset,
  LEGACY_XFRM,
  MISCSELECT_EXINFO,
  PAGE_SIZE,
  type Attributes,
  type PageSpec,
} from '@enclos/sgx';
import type { Construction } from './enclave.ts';

/** The request of a launch, before anything is measured. */
export interface EnclaveRequest {
  readonly sizeBytes: bigint;
  /** Pages. */
  readonly ssaFrameSize: number;
  readonly attributes: Attributes;
  readonly miscSelect: number;
  /** 64 bytes; needs KSS. Zero when absent. */
  readonly configId?: Uint8Array | undefined;
  /** Needs KSS. Zero when absent. */
  readonly configSvn?: number | undefined;
}

const supportedFlags =
  Attribute.DEBUG | Attribute.MODE64BIT | Attribute.PROVISIONKEY | Attribute.EINITTOKENKEY | Attribute.KSS;

/** State components of XCR0 (SDM vol. 1, XSAVE-supported features). */
const component = { avx: 1n << 2n, avx512: 7n << 5n, pkru: 1n << 9n } as const;

const chunkBytes = 256;
/** The largest range of an enclave, bytes: 64 GiB. */
export const maxEnclaveBytes = 1n << 36n;

/** ECREATE: checks SECS (SDM vol. 3D, ECREATE) and starts the measurement. */
export function createEnclave(request: EnclaveRequest): Construction {
  const { sizeBytes, ssaFrameSize, attributes, miscSelect } = request;
  const configId = request.configId ?? new Uint8Array(64);
  const configSvn = request.configSvn ?? 0;
  requireLayout(request);
  if ((attributes.flags & ~supportedFlags) !== 0n) throw refused('attributes', 'An attribute bit is not supported.');
  if ((attributes.flags & Attribute.MODE64BIT) === 0n) throw refused('attributes', 'Enclaves are 64-bit.');
  requireXfrm(attributes.xfrm);
  if (miscSelect !== 0 && miscSelect !== MISCSELECT_EXINFO) {
    throw refused('miscSelect', 'EXINFO is the only MISCSELECT bit.');
  }
  requireConfiguration(configId, configSvn, attributes);
  const measurement = createHash('sha256').update(
    record('ECREATE').u32(ssaFrameSize).u64(sizeBytes).zeros(44).finish(),
  );
  return {
    sizeBytes,
    ssaFrameSize,
    attributes: Object.freeze({ flags: attributes.flags, xfrm: attributes.xfrm }),
    miscSelect,
    configId: configId.slice(),
    configSvn,
    measurement,
    pages: new Map(),
  };
}

function requireLayout({ sizeBytes, ssaFrameSize }: EnclaveRequest): void {
  if (!isEnclaveSize(sizeBytes) || sizeBytes > maxEnclaveBytes) {
    throw refused('size', 'The size is a power of two from two pages to 64 GiB.');
  }
  if (!Number.isInteger(ssaFrameSize) || ssaFrameSize < 1 || ssaFrameSize > 0xffff) {
    throw refused('ssaFrameSize', 'SSAFRAMESIZE is 1 to 65535 pages.');
  }
}

/** The combinations that XSETBV accepts (SDM vol. 1, 13.3): AVX-512 is three components, and needs AVX. */
function requireXfrm(xfrm: bigint): void {
  if ((xfrm & LEGACY_XFRM) !== LEGACY_XFRM) throw refused('xfrm', 'XFRM has x87 and SSE.');
  if ((xfrm & ~(LEGACY_XFRM | component.avx | component.avx512 | component.pkru)) !== 0n) {
    throw refused('xfrm', 'XFRM has no components but x87, SSE, AVX, AVX-512 and PKRU.');
  }
  const avx512 = xfrm & component.avx512;
  if (avx512 !== 0n && (avx512 !== component.avx512 || (xfrm & component.avx) === 0n)) {
    throw refused('xfrm', 'AVX-512 is three components of XFRM, with AVX.');
  }
}

function requireConfiguration(configId: Uint8Array, configSvn: number, attributes: Attributes): void {
  if (configId.length !== 64 || !Number.isInteger(configSvn) || configSvn < 0 || configSvn > 0xffff) {
    throw refused('configuration', 'CONFIGID is 64 bytes and CONFIGSVN 0 to 65535.');
  }
  const isSet = configSvn !== 0 || !isZero(configId);
  if (isSet && (attributes.flags & Attribute.KSS) === 0n) {
    throw refused('configuration', 'CONFIGID and CONFIGSVN need an enclave that is signed with KSS.');
  }
}

/**
 * EADD: adds a page and measures its place and permissions, not its content
 * (SDM vol. 3D, EADD). Offsets and flags are those of any SGXS stream.
 */
export function addPage(construction: Construction, { offset, flags, content }: PageSpec): void {
  if (!isPageFlags(flags, 'any')) {
    throw refused('page', 'A page is TCS, or REG with permissions, and readable when it is writable.');
  }
  if (content.length !== PAGE_SIZE) throw refused('page', 'A page is 4096 bytes.');
  // Offsets beyond 2^53 lose digits here, but they are outside of every enclave anyway.
  if (!isPageOffset(Number(offset), Number(construction.sizeBytes))) {
    throw refused('page', 'A page lies on a page boundary inside the enclave.');
  }
  if (construction.pages.has(offset)) throw refused('page', 'A page is added once.');
  construction.pages.set(offset, content.slice());
  construction.measurement.update(record('EADD').u64(offset).u64(flags).zeros(40).finish());
}

/** EEXTEND: measures 256 bytes of a page (SDM vol. 3D, EEXTEND). */
export function extendPage(construction: Construction, offset: bigint): void {
  const inPage = offset % BigInt(PAGE_SIZE);
  const page = construction.pages.get(offset - inPage);
  if (offset < 0n || offset % BigInt(chunkBytes) !== 0n || page === undefined) {
    throw refused('page', 'EEXTEND takes a 256-byte boundary of a page that was added.');
  }
  const start = Number(inPage);
  construction.measurement.update(record('EEXTEND').u64(offset).zeros(48).finish());
  construction.measurement.update(page.subarray(start, start + chunkBytes));
}

/** A 64-byte measurement record begins with its name, padded with zeros to 8 bytes. */
function record(name: string): ByteWriter {
  const tag = utf8(name);
  return new ByteWriter({ sizeHint: 64, maxBytes: 64 }).bytes(tag).zeros(8 - tag.length);
}

function refused(rule: string, message: string): EnclosError {
  return new EnclosError('LAUNCH_IMAGE_REFUSED', message, { details: { rule } });
}
