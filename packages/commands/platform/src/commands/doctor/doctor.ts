import type { Check } from './check.ts';
import { checkClock, checkKeys, checkState } from './files.ts';
import { checkPlatforms, probePlatforms, type PlatformReport } from './hardware.ts';
import {
  checkIsolation,
  checkSeparatedIsolation,
  isolationUnknown,
  probeIsolation,
  probeSeparatedIsolation,
  type IsolationReport,
} from './isolation.ts';
import { checkInterpreter, checkNode } from './runtime.ts';
import { checkDebug, checkInspector, checkSeparation } from './settings.ts';

export interface DoctorOptions {
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly now: Date;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface DoctorReport {
  /** Nothing failed. Warnings do not count. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
  /** Hardware platforms: what of each is here, and what is missing. None is needed. */
  readonly platforms: readonly PlatformReport[];
  /** Absent without an interpreter to try it on. */
  readonly isolation?: IsolationReport;
  /** The same for enclaves with their own users; absent where that cannot be tried, as without root. */
  readonly separatedIsolation?: IsolationReport;
}

/** Checks what the machine and a project are ready for. Changes nothing. */
export async function doctor({ projectFolder, stateFolder, now, env }: DoctorOptions): Promise<DoctorReport> {
  const { checks: interpreter, path } = await checkInterpreter();
  const isolation = path === undefined ? undefined : await probeIsolation(path);
  const separatedIsolation = path === undefined ? undefined : await probeSeparatedIsolation(path);
  const platforms = await probePlatforms();
  const checks = [
    checkNode(process.versions.node),
    ...interpreter,
    ...(isolation === undefined ? [isolationUnknown()] : checkIsolation(isolation)),
    checkSeparation(process.getuid?.()),
    ...(separatedIsolation === undefined ? [] : checkSeparatedIsolation(separatedIsolation)),
    checkInspector(env),
    await checkDebug(projectFolder),
    ...checkPlatforms(platforms),
    ...(await checkState(stateFolder)),
    ...(await checkKeys(projectFolder)),
    await checkClock(stateFolder, now),
  ];
  const healthy = checks.every(({ status }) => status !== 'failure');
  return Object.freeze({
    healthy,
    checks: Object.freeze(checks),
    platforms,
    ...(isolation === undefined ? {} : { isolation }),
    ...(separatedIsolation === undefined ? {} : { separatedIsolation }),
  });
}
