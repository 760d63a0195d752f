export { cacheFolders, copyInterpreter, copyProgram } from './interpreter/interpreter-copy.ts';
export { findInterpreter, verifyInterpreter, type VerifiedInterpreter } from './interpreter/interpreter.ts';
export { verifyFile, type FileErrors, type VerifiedFile } from './interpreter/verified-file.ts';
export { choosePlan, planAllWays, planIsolation } from './layers/choose.ts';
export { enclaveCommand, type EnclaveNeeds } from './layers/command.ts';
export { inspectedLayers, inspectorDataBytes, inspectorLayer } from './layers/inspected.ts';
export type { MadeCgroup } from './layers/pids-cgroup.ts';
export {
  filterGives,
  layer,
  planUtilLinux,
  requireIsolation,
  type IsolationPlan,
  type IsolationWay,
  type PlanOptions,
} from './layers/plan.ts';
export { runCommand, withOpened, type Run } from './layers/run.ts';
export {
  writeOuterFilter,
  writeSeccompFilter,
  writeStarter,
  writeStartFiles,
  type StartFiles,
} from './layers/start-files.ts';
export { stubCommand, stubPlan, stubTasks, type StubNeeds } from './layers/stub-command.ts';
export { cgroupWords, maxThreads } from './layers/threads.ts';
export {
  programCommand,
  programLayers,
  programPlan,
  programTasks,
  type ProgramNeeds,
  type ProgramRelay,
} from './programs/program-command.ts';
export {
  placeProgram,
  prepareProgramFiles,
  type PlacedProgram,
  type ProgramServices,
} from './programs/placed-program.ts';
export type { PrivateFiles } from './programs/program-files.ts';
export { findRelay, relayName } from './relay/find-relay.ts';
export { prepareWords, privateDestinations, relayWords, type PrivateDestination } from './relay/relay-words.ts';
export {
  companionCommand,
  companionLayers,
  companionPlan,
  companionsObstacle,
  type CompanionNeeds,
} from './companions/companion-command.ts';
export { CompanionSlot, type SlotChild, type SlotEvents } from './companions/companion-slot.ts';
export { companionFileBytes, fileShareBytes, type FileShare } from './companions/file-shares.ts';
export { neededLibraries } from './companions/needed-libraries.ts';
export {
  openNativeFiles,
  type NativeFileIntake,
  type NativeFiles,
  type PlacedFiles,
} from './companions/native-files.ts';
export { privateObstacle, requireProgram, type MeasuredProgram } from './programs/require-program.ts';
