export { podSecurityOf, type PodSecurityLevel, type PodSecuritySpec } from './pod-security.ts';
export { chartTest, type ChartRequest, type ManifestPrograms } from './charts.ts';
export { auditEventsOf, auditLinesOf, createAuditDisk, newAuditLog, type AuditDisk } from './audit-log.ts';
export { runBundleProcess, type BundleProcess } from './bundle-process.ts';
export { chromium } from './chromium.ts';
export { contrastProblems } from './contrast.ts';
export { holdersOfPeer, type ConnectionHolder } from './sockets/connection-holders.ts';
export { collidingNumbers } from './colliding-numbers.ts';
export {
  containersMissing,
  containerTest,
  createPodman,
  createPodmanOn,
  podmanSettings,
  seenAt,
  type Podman,
} from './containers/containers.ts';
export { startPrivateMachine, type PrivateMachine } from './containers/private-machine.ts';
export type { BrowserEvent, Session } from './dev-tools.ts';
export { duplexPair } from './sockets/duplex-pair.ts';
export { elfFile, type ElfFileOptions } from './native/elf-file.ts';
export { privateProgram, probeProgram } from './native/probe-program.ts';
export { programFile, programSegments, type ProgramFileOptions, type ProgramSegment } from './native/program-file.ts';
export { manifestFields } from './manifest-fields.ts';
export { goIsHere, goProgram, goTest } from './native/go-test.ts';
export { nativeCompilers, nativeTest } from './native/native-test.ts';
export { quickJsTest } from './native/quickjs-test.ts';
export { saidBy, signalTo, startProgram, type Ran, type Running } from './programs.ts';
export { connectRawPassage, handleOf, passSocket, type RawPassage } from './sockets/raw-passage.ts';
export { runFolder } from './run-folder.ts';
export { serviceImage, type ServiceImage } from './containers/service-image.ts';
export { failsWith } from './fails-with.ts';
export { foreignImports } from './foreign-imports.ts';
export { freePort } from './sockets/free-port.ts';
export {
  postgresAbsence,
  postgresPassword,
  postgresTest,
  startPostgres,
  type PostgresServer,
} from './postgres-server.ts';
export { isFreedYoung, type YoungGarbageOptions } from './young-garbage.ts';
export { tlsKeyPair } from './service/tls-key-pair.ts';
export { vectors } from './vectors.ts';
export {
  registryUser,
  startRegistry,
  type TestRegistry,
  type TestRegistryOptions,
} from './containers/registry-server.ts';
export {
  allPolicyCosts,
  queryFunctionCosts,
  queryNodeCosts,
  ruleFunctionCosts,
  type CostOf,
  type PolicyCost,
} from './policy-costs/index.ts';
export { searchingDraft } from './hostile-drafts.ts';
export { sigstructFields } from './sigstruct-fields.ts';
export {
  startFakeApiServer,
  type FakeApiServer,
  type Respond as ApiServerResponder,
} from './service/fake-api-server.ts';
export { KeyBroker, type KeyBrokerOptions } from './service/key-broker.ts';
export { memorySealing } from './service/memory-sealing.ts';
export { MemoryStore, type MemoryRow } from './service/memory-store.ts';
export {
  applyTwice,
  createServerModel,
  type Plain as PlainManifest,
  type SecondApply,
  type ServerModel,
} from './server-model/index.ts';
export { until, withinMs } from './waiting.ts';
