import type { Check } from '../doctor/check.ts';
import { checkClock, checkKeys, checkState } from '../doctor/files.ts';
import { checkHardware } from '../doctor/hardware.ts';
import { checkLayers, layersUnknown, probeLayers } from '../doctor/isolation.ts';
import { checkInterpreter, checkNode } from '../doctor/runtime.ts';

export interface DoctorOptions {
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly now: Date;
}

export interface DoctorReport {
  /** Nothing failed; a warning is no failure. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
}

/** Checks what the machine and a project are ready for. Changes nothing. */
export async function doctor({ projectFolder, stateFolder, now }: DoctorOptions): Promise<DoctorReport> {
  const { checks: interpreter, path } = await checkInterpreter();
  const checks = [
    checkNode(process.versions.node),
    ...interpreter,
    ...(path === undefined ? [layersUnknown()] : checkLayers(await probeLayers(path))),
    ...(await checkHardware()),
    ...(await checkState(stateFolder)),
    ...(await checkKeys(projectFolder)),
    await checkClock(stateFolder, now),
  ];
  return Object.freeze({ healthy: checks.every(({ status }) => status !== 'failure'), checks: Object.freeze(checks) });
}
