import { ByteReader, isZero, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** Attestation reports are this long, signature included (SEV-SNP firmware ABI, MSG_REPORT_RSP). */
export const reportSizeBytes = 1184;
const signedSizeBytes = 0x2a0;
const scalarFieldBytes = 72;
const p384Bytes = 48;
const ecdsaP384Sha384 = 1;

export type SnpReportVersion = 2 | 3 | 5;
export type SnpSigningKey = 'VCEK' | 'VLEK';

/** Guest policy: what the guest demanded of its platform at launch. */
export interface SnpGuestPolicy {
  /** 8 bytes of hex, as a number. */
  readonly raw: string;
  /** The lowest firmware ABI that the guest accepts. */
  readonly abiMajor: number;
  readonly abiMinor: number;
  /** Simultaneous multithreading is allowed. */
  readonly smtAllowed: boolean;
  /** A migration agent may move the guest, and hold its keys then. */
  readonly migrationAgentAllowed: boolean;
  /** The host may read and write the guest's memory. */
  readonly debugAllowed: boolean;
  /** The guest runs on one socket only. */
  readonly singleSocket: boolean;
  readonly cxlAllowed: boolean;
  readonly memoryAes256Xts: boolean;
  readonly raplDisabled: boolean;
  readonly ciphertextHiding: boolean;
  readonly pageSwapDisabled: boolean;
}

/** State of the platform. Bits without a name here are in `raw` only. */
export interface SnpPlatformInfo {
  /** 8 bytes of hex, as a number. */
  readonly raw: string;
  readonly smtEnabled: boolean;
  readonly tsmeEnabled: boolean;
  readonly eccEnabled: boolean;
  readonly raplDisabled: boolean;
  readonly ciphertextHidingEnabled: boolean;
  /** The firmware looked for aliased memory since the last reset (AMD-SB-3015). */
  readonly aliasCheckComplete: boolean;
}

/** CPUID family, model and stepping of the processor; from version 3 on. */
export interface SnpCpuid {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

export interface SnpFirmwareVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
}

/** The fields of a report whose meaning needs no product. Hex is lower case. */
export interface SnpReportFields {
  readonly version: SnpReportVersion;
  readonly guestSvn: number;
  readonly policy: SnpGuestPolicy;
  /** 16 bytes. */
  readonly familyId: string;
  /** 16 bytes. */
  readonly imageId: string;
  /** The virtual machine privilege level that asked for the report, 0 to 3. */
  readonly vmpl: number;
  readonly platformInfo: SnpPlatformInfo;
  /** `authorKeyDigest` is that of a key which signed the identity key. */
  readonly authorKeyEnabled: boolean;
  /** The platform does not sign with chip keys. */
  readonly chipKeyMasked: boolean;
  readonly signingKey: SnpSigningKey | 'none';
  /** 64 bytes. */
  readonly reportData: string;
  /** 48 bytes: the launch digest. */
  readonly measurement: string;
  /** 32 bytes: what the host gave at launch. */
  readonly hostData: string;
  /** 48 bytes. */
  readonly idKeyDigest: string;
  /** 48 bytes. */
  readonly authorKeyDigest: string;
  /** 32 bytes. */
  readonly reportId: string;
  /** 32 bytes: the report id of the migration agent, all ones for none. */
  readonly reportIdMa: string;
  readonly cpuid?: SnpCpuid;
  /** 64 bytes; all zero when the platform hides it, and with a VLEK. */
  readonly chipId: string;
  readonly currentFirmware: SnpFirmwareVersion;
  readonly committedFirmware: SnpFirmwareVersion;
  /** 8 bytes each, as numbers; from version 5 on. */
  readonly mitigationVectors?: { readonly launch: string; readonly current: string };
}

/** A parsed report, not verified. */
export interface SnpReport {
  readonly fields: SnpReportFields;
  /** 8 bytes each; their layout depends on the product. */
  readonly tcb: Readonly<Record<SnpTcbKind, Uint8Array>>;
  /** What the signature covers. */
  readonly signedBytes: Uint8Array;
  /** r then s, 48 bytes each, big-endian. */
  readonly signature: Uint8Array;
}

export type SnpTcbKind = 'current' | 'reported' | 'committed' | 'launch';

/**
 * Parses an attestation report of version 2, 3 or 5 (SEV-SNP firmware ABI,
 * document 56860, ATTESTATION_REPORT). What the version reserves must be zero:
 * what a bit will mean is not known, so it is not waved through.
 *
 * @throws a CODEC error.
 */
export function parseSnpReport(input: Uint8Array): SnpReport {
  if (input.length !== reportSizeBytes) throw invalid(`is ${input.length} bytes, not ${reportSizeBytes}`);
  const bytes = new Uint8Array(input);
  const reader = new ByteReader(bytes);
  const version = readVersion(reader);
  const guestSvn = reader.u32();
  const policy = readPolicy(reader.u64());
  const familyId = toHex(reader.bytes(16));
  const imageId = toHex(reader.bytes(16));
  const vmpl = reader.u32();
  if (vmpl > 3) throw invalid(`has VMPL ${vmpl}`);
  if (reader.u32() !== ecdsaP384Sha384) throw invalid('is not signed with ECDSA P-384 and SHA-384');
  const current = reader.bytes(8);
  const platformInfo = readPlatformInfo(reader.u64());
  const keys = readKeyFlags(reader.u32());
  reserved(reader, 4);
  const digests = readDigests(reader);
  const reported = reader.bytes(8);
  const cpuid = readCpuid(reader, version);
  const chipId = toHex(reader.bytes(64));
  const committed = reader.bytes(8);
  const currentFirmware = readFirmware(reader);
  const committedFirmware = readFirmware(reader);
  const launch = reader.bytes(8);
  const mitigationVectors = readMitigationVectors(reader, version);
  reserved(reader, signedSizeBytes - reader.offset);
  const signature = readSignature(reader);
  reserved(reader, reader.remaining);
  const fields = Object.freeze({
    version,
    guestSvn,
    policy,
    familyId,
    imageId,
    vmpl,
    platformInfo,
    ...keys,
    ...digests,
    ...(cpuid === undefined ? {} : { cpuid }),
    chipId,
    currentFirmware,
    committedFirmware,
    ...(mitigationVectors === undefined ? {} : { mitigationVectors }),
  });
  return {
    fields,
    tcb: { current, reported, committed, launch },
    signedBytes: bytes.subarray(0, signedSizeBytes),
    signature,
  };
}

function readVersion(reader: ByteReader): SnpReportVersion {
  const version = reader.u32();
  if (version !== 2 && version !== 3 && version !== 5) throw invalid(`has version ${version}`);
  return version;
}

function readPolicy(policy: bigint): SnpGuestPolicy {
  const has = (bit: number): boolean => isSet(policy, bit);
  if (!has(17) || policy >> 26n !== 0n) throw invalid('has an unknown guest policy');
  return Object.freeze({
    raw: hex64(policy),
    abiMajor: Number((policy >> 8n) & 0xffn),
    abiMinor: Number(policy & 0xffn),
    smtAllowed: has(16),
    migrationAgentAllowed: has(18),
    debugAllowed: has(19),
    singleSocket: has(20),
    cxlAllowed: has(21),
    memoryAes256Xts: has(22),
    raplDisabled: has(23),
    ciphertextHiding: has(24),
    pageSwapDisabled: has(25),
  });
}

/** Unlike the guest's policy this only describes; firmware has added bits to it within a version. */
function readPlatformInfo(info: bigint): SnpPlatformInfo {
  const has = (bit: number): boolean => isSet(info, bit);
  return Object.freeze({
    raw: hex64(info),
    smtEnabled: has(0),
    tsmeEnabled: has(1),
    eccEnabled: has(2),
    raplDisabled: has(3),
    ciphertextHidingEnabled: has(4),
    aliasCheckComplete: has(5),
  });
}

function readKeyFlags(flags: number): Pick<SnpReportFields, 'authorKeyEnabled' | 'chipKeyMasked' | 'signingKey'> {
  const signingKey = new Map<number, SnpReportFields['signingKey']>([
    [0, 'VCEK'],
    [1, 'VLEK'],
    [7, 'none'],
  ]).get(flags >>> 2);
  if (signingKey === undefined) throw invalid('names an unknown signing key');
  return { authorKeyEnabled: (flags & 1) !== 0, chipKeyMasked: (flags & 2) !== 0, signingKey };
}

function readDigests(
  reader: ByteReader,
): Pick<
  SnpReportFields,
  'reportData' | 'measurement' | 'hostData' | 'idKeyDigest' | 'authorKeyDigest' | 'reportId' | 'reportIdMa'
> {
  return {
    reportData: toHex(reader.bytes(64)),
    measurement: toHex(reader.bytes(48)),
    hostData: toHex(reader.bytes(32)),
    idKeyDigest: toHex(reader.bytes(48)),
    authorKeyDigest: toHex(reader.bytes(48)),
    reportId: toHex(reader.bytes(32)),
    reportIdMa: toHex(reader.bytes(32)),
  };
}

function readCpuid(reader: ByteReader, version: SnpReportVersion): SnpCpuid | undefined {
  if (version === 2) {
    reserved(reader, 24);
    return undefined;
  }
  const cpuid = Object.freeze({ family: reader.u8(), model: reader.u8(), stepping: reader.u8() });
  reserved(reader, 21);
  return cpuid;
}

function readFirmware(reader: ByteReader): SnpFirmwareVersion {
  const [build, minor, major] = [reader.u8(), reader.u8(), reader.u8()];
  reserved(reader, 1);
  return Object.freeze({ major, minor, build });
}

function readMitigationVectors(reader: ByteReader, version: SnpReportVersion): SnpReportFields['mitigationVectors'] {
  return version === 5 ? Object.freeze({ launch: hex64(reader.u64()), current: hex64(reader.u64()) }) : undefined;
}

/** r and s are little-endian and have room for longer curves. */
function readSignature(reader: ByteReader): Uint8Array {
  const signature = new Uint8Array(2 * p384Bytes);
  for (const at of [0, p384Bytes]) {
    signature.set(reader.bytes(p384Bytes).reverse(), at);
    reserved(reader, scalarFieldBytes - p384Bytes);
  }
  return signature;
}

function reserved(reader: ByteReader, sizeBytes: number): void {
  const { offset } = reader;
  if (!isZero(reader.bytes(sizeBytes))) throw invalid(`has reserved bytes at ${offset} that are not zero`);
}

function isSet(value: bigint, bit: number): boolean {
  return ((value >> BigInt(bit)) & 1n) === 1n;
}

function hex64(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `The SEV-SNP report ${what}.`);
}
