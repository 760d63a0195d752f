/** Bits of ATTRIBUTES.FLAGS (SDM vol. 3D, ATTRIBUTES structure). */
export const Attribute = Object.freeze({
  INIT: 0x1n,
  DEBUG: 0x2n,
  MODE64BIT: 0x4n,
  PROVISIONKEY: 0x10n,
  EINITTOKENKEY: 0x20n,
  KSS: 0x80n,
  AEXNOTIFY: 0x400n,
} as const);

/** KEYREQUEST.KEYNAME (SDM vol. 3D, KEYREQUEST KeyNames). */
export const KeyName = Object.freeze({
  EINITTOKEN: 0,
  PROVISION: 1,
  PROVISION_SEAL: 2,
  REPORT: 3,
  SEAL: 4,
} as const);

/** Bits of KEYREQUEST.KEYPOLICY (SDM vol. 3D, Key Request Policy structure). From NOISVPRODID upwards they need the KSS attribute. */
export const KeyPolicy = Object.freeze({
  MRENCLAVE: 0x1,
  MRSIGNER: 0x2,
  NOISVPRODID: 0x4,
  CONFIGID: 0x8,
  ISVFAMILYID: 0x10,
  ISVEXTPRODID: 0x20,
} as const);

/** SECINFO.FLAGS of a page: permissions, and the page type in bits 8 to 15 (SDM vol. 3D, SECINFO.FLAGS). */
export const PageFlags = Object.freeze({ R: 0x1n, W: 0x2n, X: 0x4n, TCS: 0x100n, REG: 0x200n } as const);

/** MISCSELECT.EXINFO: page faults and general protection faults are described in the state save area (SDM vol. 3D, MISCSELECT). */
export const MISCSELECT_EXINFO = 1;

/** XFRM of x87 and SSE, which every enclave has (SDM vol. 3D, ECREATE). */
export const LEGACY_XFRM = 3n;

/** Bytes of an enclave page. */
export const PAGE_SIZE = 4096;
