import { relative } from 'node:path';
import type { Io } from '@enclos/cli-frame';
import { defaultStateFolder } from '@enclos/cli-frame/files';
import { toHex } from '@enclos/codec';
import { isInside } from '../../files/inside.ts';
import { changesBetween, type Change, type NextSealer } from './changes.ts';
import { readSealers, rememberSealer, type Sealer } from './sealer.ts';
import { wayBackTo, type Place, type WayBack } from './way-back.ts';

/** State of earlier runs that a later one cannot open, if they sealed any. */
export interface ClosedState {
  /** When an enclave was last run that could seal it. */
  readonly lastRunMs: number;
  /** What opening it would throw. */
  readonly code: 'SEAL_NOT_OPENED' | 'SEAL_SVN_TOO_NEW';
  readonly changes: readonly Change[];
  readonly wayBack: WayBack;
}

export interface SealingRun {
  /** The folder of enclave.json. */
  readonly projectFolder: string;
  readonly build: {
    readonly outcome: { readonly canSeal: boolean };
    readonly identity: Pick<Sealer, 'mrSigner' | 'productId' | 'securityVersion' | 'debug'>;
    readonly keyFile: string;
  };
  readonly platform: { readonly description: { readonly rootFingerprint: Uint8Array } };
  readonly options: { readonly stateFolder: string; readonly platformSocket?: string | undefined };
}

/** What is reported about sealed state. */
export interface SealingEvents {
  /** The run cannot open what earlier ones may have sealed. */
  closedState(state: ClosedState): void;
  /** What a later run could warn about was not remembered. */
  notRemembered(error: unknown): void;
}

/**
 * Reports what the enclave that is about to run cannot open, and remembers it for later runs. Call it before the host program starts:
 * from then on there may be sealed state. An enclave without the code that seals is not remembered, and opens nothing.
 */
export async function watchSealing(run: SealingRun, io: Io, events: SealingEvents): Promise<void> {
  if (!run.build.outcome.canSeal) return;
  const { projectFolder } = run;
  const now = sealerOf(run);
  const place = placeOf(projectFolder, io);
  for (const state of await closedStates(await readSealers(projectFolder), now, place)) events.closedState(state);
  await rememberSealer(projectFolder, { ...now, lastRunMs: io.now().getTime() }).catch((error: unknown) =>
    events.notRemembered(error),
  );
}

/** What a key that `enclos run` uses from now on does not open, in the folder of a project. */
export async function closedByKey(
  projectFolder: string,
  { path, mrSigner }: { readonly path: string; readonly mrSigner: string },
  io: Io,
): Promise<readonly ClosedState[]> {
  const sealers = await readSealers(projectFolder);
  const [last] = sealers;
  if (last === undefined) return [];
  const now = { ...last, mrSigner, keyFile: keptPath(path, projectFolder) };
  return closedStates(sealers, now, placeOf(projectFolder, io));
}

/**
 * The last run decides whether anything is reported: runs that follow each other with the same keys are quiet. An enclave that was
 * never run here is also compared with the last one of its own mode, whose state it is likely to look for.
 */
async function closedStates(
  sealers: readonly Sealer[],
  now: NextSealer,
  place: Place,
): Promise<readonly ClosedState[]> {
  const [last] = sealers;
  if (last === undefined || changesBetween(last, now).length === 0) return [];
  const isKnown = sealers.some((each) => changesBetween(each, now).length === 0);
  const ofMode = isKnown ? undefined : sealers.find(({ debug }) => debug === now.debug);
  const closed = new Set([last, ...(ofMode === undefined ? [] : [ofMode])]);
  return Promise.all([...closed].map((before) => closedState(before, now, place)));
}

async function closedState(before: Sealer, now: NextSealer, place: Place): Promise<ClosedState> {
  const changes = changesBetween(before, now);
  const isOnlyVersion = changes.every(({ what }) => what === 'security version');
  return Object.freeze({
    lastRunMs: before.lastRunMs,
    code: isOnlyVersion ? 'SEAL_SVN_TOO_NEW' : 'SEAL_NOT_OPENED',
    changes,
    wayBack: await wayBackTo(before, now, place),
  });
}

function sealerOf({ projectFolder, build, platform, options }: SealingRun): NextSealer {
  const { mrSigner, productId, securityVersion, debug } = build.identity;
  const { platformSocket, stateFolder } = options;
  return {
    mrSigner,
    productId,
    securityVersion,
    debug,
    platformRoot: toHex(platform.description.rootFingerprint),
    platform: platformSocket ?? stateFolder,
    isSocket: platformSocket !== undefined,
    keyFile: keptPath(build.keyFile, projectFolder),
  };
}

/** Relative to the project when it is inside, so that the project can be moved. */
function keptPath(path: string, projectFolder: string): string {
  return isInside(projectFolder, path) ? relative(projectFolder, path) : path;
}

function placeOf(projectFolder: string, { cwd, env }: Io): Place {
  return { projectFolder, cwd, defaultStateFolder: defaultStateFolder(env) };
}
