import { concatBytes } from '@enclos/codec';
import { signRaw, type KeyPair } from '../pki/keys.ts';
import { littleEndian, place, repeated } from '../quote/bytes.ts';

/** What an SEV-SNP report says before its signature (firmware ABI 56860, ATTESTATION_REPORT). */
export interface SnpReportBody {
  /** 2, 3 or 5. */
  readonly version: number;
  readonly guestSvn: number;
  /** Bit 16 SMT, 17 reserved and set, 18 MIGRATE_MA, 19 DEBUG, 20 SINGLE_SOCKET. */
  readonly policy: bigint;
  /** 16 bytes. */
  readonly familyId: Uint8Array;
  /** 16 bytes. */
  readonly imageId: Uint8Array;
  readonly vmpl: number;
  /** 1: ECDSA P-384 with SHA-384. */
  readonly signatureAlgorithm: number;
  /** 8 bytes, as the other TCBs. */
  readonly currentTcb: Uint8Array;
  readonly platformInfo: bigint;
  /** Bit 0 AUTHOR_KEY_EN, 1 MASK_CHIP_KEY, 2-4 signing key: 0 VCEK, 1 VLEK, 7 none. */
  readonly flags: number;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** 48 bytes. */
  readonly measurement: Uint8Array;
  /** 32 bytes. */
  readonly hostData: Uint8Array;
  /** 48 bytes. */
  readonly idKeyDigest: Uint8Array;
  /** 48 bytes. */
  readonly authorKeyDigest: Uint8Array;
  /** 32 bytes. */
  readonly reportId: Uint8Array;
  /** 32 bytes. */
  readonly reportIdMa: Uint8Array;
  readonly reportedTcb: Uint8Array;
  /** Family, model, stepping; zeros in version 2. */
  readonly cpuid: readonly [family: number, model: number, stepping: number];
  /** 64 bytes; zeros when masked, and with a VLEK. */
  readonly chipId: Uint8Array;
  readonly committedTcb: Uint8Array;
  /** Build, minor, major. */
  readonly currentVersion: readonly [build: number, minor: number, major: number];
  readonly committedVersion: readonly [build: number, minor: number, major: number];
  readonly launchTcb: Uint8Array;
  /** Launch and current; zeros before version 5. */
  readonly mitigationVectors: readonly [launch: bigint, current: bigint];
}

/** The 0x2a0 bytes that are signed, reserved bytes zero. */
export function encodeSnpReportBody(body: SnpReportBody): Uint8Array {
  return place(0x2a0, [
    [0x00, littleEndian(body.version, 4)],
    [0x04, littleEndian(body.guestSvn, 4)],
    [0x08, littleEndian(body.policy, 8)],
    [0x10, body.familyId],
    [0x20, body.imageId],
    [0x30, littleEndian(body.vmpl, 4)],
    [0x34, littleEndian(body.signatureAlgorithm, 4)],
    [0x38, body.currentTcb],
    [0x40, littleEndian(body.platformInfo, 8)],
    [0x48, littleEndian(body.flags, 4)],
    [0x50, body.reportData],
    [0x90, body.measurement],
    [0xc0, body.hostData],
    [0xe0, body.idKeyDigest],
    [0x110, body.authorKeyDigest],
    [0x140, body.reportId],
    [0x160, body.reportIdMa],
    [0x180, body.reportedTcb],
    [0x188, Uint8Array.from(body.cpuid)],
    [0x1a0, body.chipId],
    [0x1e0, body.committedTcb],
    [0x1e8, Uint8Array.from(body.currentVersion)],
    [0x1ec, Uint8Array.from(body.committedVersion)],
    [0x1f0, body.launchTcb],
    [0x1f8, concatBytes(...body.mitigationVectors.map((vector) => littleEndian(vector, 8)))],
  ]);
}

/** The whole report of 1184 bytes. The key is on P-384; r and s are little-endian in fields of 72 bytes. */
export function signSnpReport(body: Uint8Array, key: KeyPair): Uint8Array {
  const raw = signRaw(key, body);
  return place(1184, [
    [0, body],
    [0x2a0, raw.slice(0, raw.length / 2).reverse()],
    [0x2a0 + 72, raw.slice(raw.length / 2).reverse()],
  ]);
}

/** A guest of no debug mode with recognisable fields, without what its platform fills in. */
export const exampleSnpReport = Object.freeze({
  guestSvn: 7,
  policy: 0x3001fn,
  familyId: repeated(0xfa, 16),
  imageId: repeated(0x1a, 16),
  vmpl: 0,
  signatureAlgorithm: 1,
  platformInfo: 0x25n,
  reportData: repeated(0x09, 64),
  measurement: repeated(0xee, 48),
  hostData: repeated(0x0d, 32),
  idKeyDigest: repeated(0x1d, 48),
  authorKeyDigest: repeated(0xad, 48),
  reportId: repeated(0x51, 32),
  reportIdMa: repeated(0xff, 32),
  currentVersion: [29, 55, 1],
  committedVersion: [28, 55, 1],
  mitigationVectors: [0n, 0n],
} as const satisfies Partial<SnpReportBody>);
