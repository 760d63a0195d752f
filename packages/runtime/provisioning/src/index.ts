import './errors.ts';
export { collateralApp, type CollateralApp, type CollateralAppOptions } from './collateral/app.ts';
export { deriveSecret } from './keys/derive.ts';
export { p256FromSeed, p256PublicKey, wideSeedBytes, type P256KeyPair } from './keys/p256.ts';
export { collateralFor, type CollateralSource } from './provisioning/collateral.ts';
export type { Revocation, SignedDocuments } from './provisioning/documents.ts';
export { enrolmentRequest, parseEnrolmentRequest, type EnrolmentRequest } from './provisioning/enrolment.ts';
export { issuePck, type IssueOptions } from './provisioning/issuance.ts';
export {
  createMachine,
  installPck,
  machineSecrets,
  openMachine,
  pckKeyPair,
  setCpuSvn,
  type InstallOptions,
  type Machine,
} from './provisioning/machine.ts';
export { quotingFiles, type IssuedPck } from './provisioning/pck.ts';
export { quotingEnclaveImage } from './provisioning/quoting-image.ts';
export { publishTcb, type PublishTcbOptions } from './provisioning/recovery.ts';
export { revoke } from './provisioning/revocation.ts';
export { rootFingerprintOf } from './provisioning/root.ts';
export {
  initialCpuSvn,
  outOfDateAdvisory,
  separationOf,
  singleUserAdvisory,
  type Separation,
  type TcbGeneration,
} from './provisioning/tcb.ts';
export type { CreateVendorOptions } from './provisioning/vendor-content.ts';
export { createVendor, openVendor, refreshVendor, type OpenedVendor, type Vendor } from './provisioning/vendor.ts';
