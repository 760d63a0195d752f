export {
  attestSgx,
  changeCertificate,
  createPolicySigner,
  getCertificates,
  getDiscovery,
  getKeys,
  getPolicy,
  markingPolicy,
  partOf,
  policyHashOf,
  policyTextOf,
  resetPolicy,
  setPolicy,
  type PolicyChange,
  type PolicySigner,
} from './attestation/attestation-calls.ts';
export {
  openCaller,
  startReplica,
  type Replica,
  type ReplicaSite,
  type ServiceAnswer,
  type ServiceCall,
} from './attestation/attestation-replica.ts';
export {
  createAttestationSite,
  issuers,
  type AttestationSite,
  type ReplicaSetOptions,
} from './attestation/attestation-site.ts';
export {
  loadClaimant,
  openEnclaveReport,
  quoteFor,
  serviceProjectFolder,
  signedService,
  noRates,
  startTestService,
  type Claimant,
  type DevelopmentConfiguration,
  type TestService,
  type TestServiceOptions,
} from './attestation/attestation-service.ts';
export { serviceScene, type ServiceScene, type ServiceSceneOptions } from './attestation/service-scene.ts';
export { target } from '../enclaves/target/target.edl.ts';
export { serviceEnvironment } from './service-environment.ts';
export { foreignOutcome, outcome, refusedWith } from './expect.ts';
export { loadProbe, withProbe, type Probe, type ProbeHandlers, type ProbeOptions } from './hosts/probe-host.ts';
export { descendants } from './processes/processes.ts';
export { descriptorCount, isRunning, processesWith, residentMiB, until } from './processes/process-watch.ts';
export { flipped, seededBytes, seededNumbers } from '@enclos/testing/hostile';
export { makeVendor, startMachine } from './machines.ts';
export { openRawHost, type RawHost, type RawHostOptions } from './hosts/raw-host.ts';
export { signingKey } from './signing-keys.ts';
export {
  copyProject,
  createWorkshop,
  trustedFileContents,
  type SignedImage,
  type Variant,
  type Workshop,
} from './workshop.ts';
