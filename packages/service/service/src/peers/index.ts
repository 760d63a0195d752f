import '../errors.ts';
export { type AppraisalMemoryOptions, rememberAppraisals } from './appraisal-memory.ts';
export {
  type AppraisedCertificate,
  type AppraiseCertificate,
  maximumCertificateBytes,
  type PeerRule,
  refusePeer,
} from './appraisal.ts';
export { type CertificateAppraiserOptions, certificateAppraiser } from './certificate-appraiser.ts';
export { type PeerDirectoryOptions, newReplicaName, PeerDirectory } from './peer-directory.ts';
export { peerKey } from './peer-key.ts';
export type { PublishedKey } from './published-key.ts';
export {
  type ReplicaAppraiserOptions,
  type ReplicaPeerOptions,
  replicaAppraiser,
  replicaPeerAppraiser,
} from './replica-appraiser.ts';
export { type ReplicaRule, replicaRoots, replicaPolicy } from './replica-policy.ts';
export { readReplicaRule } from './replica-rule.ts';
export { type SelfSignedCertificate, readSelfSignedCertificate } from './self-signed-certificate.ts';
