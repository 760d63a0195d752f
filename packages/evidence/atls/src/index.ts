import './certificate/certificate-errors.ts';
import './errors.ts';
export {
  collateralOfPeer,
  quoteAppraiser,
  type Appraiser,
  type PresentedEvidence,
  type QuoteAppraiserOptions,
} from './appraiser.ts';
export type { AttemptOptions } from './attempt.ts';
export type { CertificateEvidence, EvidenceForm } from './certificate/certificate-evidence.ts';
export { attestedConnect, type AttestedConnection, type AttestedConnectOptions, type Destination } from './connect.ts';
export type { EvidenceSource, SourcedEvidence } from './evidence-source.ts';
export { createClientIdentity, type AttestedIdentity, type IdentityOptions } from './identity.ts';
export { alpnProtocol } from './protocol/messages.ts';
export { rootInCollateral } from './named-root.ts';
export type { PeerPolicy } from './peer.ts';
export { policyAppraiser, type Acceptance, type PolicyAppraiserOptions } from './policy-appraiser.ts';
export { readCertificateEvidence } from './certificate/read-evidence.ts';
export type { Mode, Role } from './roles.ts';
export {
  createAttestedServer,
  type AcceptedConnection,
  type AttestedServer,
  type AttestedServerOptions,
  type ServeOptions,
} from './server.ts';
export type { ConnectionKeyClaims, OwnClaims, TokenKeyClaims } from './certificate/tagged-evidence.ts';
