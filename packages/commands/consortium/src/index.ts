/** The functions that do the work of the commands about consortium services. */
export { runSandbox, type SandboxRun } from './dev/session.ts';
export type { SandboxView } from './dev/view.ts';
