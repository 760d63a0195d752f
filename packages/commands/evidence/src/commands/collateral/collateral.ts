import { writeFileAtomically } from '@enclos/build';
import { readSmallFile, readSmallText } from '@enclos/cli-frame/files';
import {
  endorsementFacts,
  examineItems,
  itemRequest,
  obtainItem,
  readBundle,
  writeBundle,
  type EndorsementFacts,
  type Examined,
  type ItemReport,
  type Notice,
  type SnpFacts,
  type Source,
} from '@enclos/endorsements';
import { openDiskCache } from '@enclos/endorsements/node';
import { isEnclosError } from '@enclos/errors';
import { recognise } from '@enclos/evidence';
import { hardwareOf, subjectOf } from '@enclos/evidence/verify';
import { choosePiece } from '../../evidence/choose.ts';
import { obtainCollateral, type ObtainCollateralOptions } from '../../evidence/obtain-collateral.ts';

const maxEvidenceBytes = 1024 * 1024;
const maxBundleBytes = 64 * 1024 * 1024;

/**
 * The platform that evidence is from, in any wrapping.
 * @throws CLI_FILE_UNREADABLE, ENDORSEMENTS_EVIDENCE_UNREADABLE, CLI_USAGE when there are several
 */
export async function factsOfFile(file: string, product: SnpFacts['product'] | undefined): Promise<EndorsementFacts> {
  const bytes = await readSmallFile(file, maxEvidenceBytes);
  const piece = choosePiece(recognise(bytes));
  // `endorsementFacts` reports input that is not evidence.
  const evidence = piece === undefined ? bytes : hardwareOf(subjectOf(piece.evidence)).bytes;
  return endorsementFacts(evidence, product === undefined ? {} : { product });
}

/** False for an item that has expired or is not yet valid: no verdict should rest on it. */
export function isInForce({ freshness }: Pick<Examined, 'freshness'>): boolean {
  return freshness === 'fresh' || freshness === 'due';
}

export interface FetchCollateralOptions extends ObtainCollateralOptions {
  /** Where the collateral is written, for `enclos verify --collateral`. */
  readonly outFile?: string | undefined;
}

export interface FetchedCollateral {
  readonly facts: EndorsementFacts;
  readonly items: readonly ItemReport[];
  readonly notices: readonly Notice[];
  readonly outFile?: string;
}

/** Gets the collateral of a platform, and writes it where it is wanted. @throws what `obtainCollateral` throws */
export async function fetchCollateral(options: FetchCollateralOptions): Promise<FetchedCollateral> {
  const { facts, outFile } = options;
  const { collateral, items, notices } = await obtainCollateral(options);
  if (outFile === undefined) return { facts, items, notices };
  await writeFileAtomically(outFile, `${JSON.stringify(collateral, undefined, 2)}\n`);
  return { facts, items, notices, outFile };
}

/** What a cache holds. @throws ENDORSEMENTS_CACHE_REFUSED */
export async function listCollateral(cacheFolder: string, now: Date): Promise<readonly Examined[]> {
  return examineItems(await (await openDiskCache({ folder: cacheFolder })).list(), now);
}

export interface CollateralHealth {
  readonly items: readonly Examined[];
  /** Why the evaluation numbers could not be read, by TEE. */
  readonly unknownNumbers: readonly { readonly tee: string; readonly code: string; readonly message: string }[];
  /** False when an item has expired or is not yet valid. */
  readonly healthy: boolean;
}

export interface CollateralDoctorOptions {
  readonly cacheFolder: string;
  readonly now: () => Date;
  /** The service that knows the published evaluation numbers. Without it, the kept numbers count. */
  readonly source?: Source | undefined;
}

/** Looks at a cache, and compares its baselines with what has been published. @throws ENDORSEMENTS_CACHE_REFUSED */
export async function collateralDoctor(options: CollateralDoctorOptions): Promise<CollateralHealth> {
  const { cacheFolder, now, source } = options;
  const store = await openDiskCache({ folder: cacheFolder });
  const kept = await store.list();
  const numbered = kept.filter(({ facts }) => facts.evaluationNumber !== undefined);
  const tees = new Set(numbered.map(({ request }) => request.parameters['tee'] ?? ''));
  const unknownNumbers: CollateralHealth['unknownNumbers'][number][] = [];
  for (const tee of source === undefined ? [] : tees) {
    try {
      // The type narrows within the loop only.
      if (source !== undefined) await keepNumbers(tee, { source, store, now });
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      unknownNumbers.push({ tee, code: error.code, message: error.message });
    }
  }
  const items = examineItems(await store.list(), now());
  return { items, unknownNumbers, healthy: items.every(isInForce) };
}

async function keepNumbers(
  tee: string,
  options: {
    readonly source: Source;
    readonly store: Awaited<ReturnType<typeof openDiskCache>>;
    readonly now: () => Date;
  },
): Promise<void> {
  const { item, origin } = await obtainItem(itemRequest('evaluation-numbers', { tee }), options);
  if (origin === 'network') await options.store.save(item);
}

/** Writes everything that a cache holds into one file. @throws ENDORSEMENTS_CACHE_REFUSED */
export async function exportCollateral(
  cacheFolder: string,
  outFile: string,
  now: Date,
): Promise<{ readonly outFile: string; readonly items: readonly Examined[] }> {
  const kept = await (await openDiskCache({ folder: cacheFolder })).list();
  await writeFileAtomically(outFile, await writeBundle(kept, now));
  return { outFile, items: examineItems(kept, now) };
}

/**
 * Puts what a file holds into a cache, in the place of older items.
 * @throws CLI_FILE_UNREADABLE, ENDORSEMENTS_BUNDLE_INVALID, ENDORSEMENTS_CACHE_REFUSED
 */
export async function importCollateral(
  cacheFolder: string,
  file: string,
  now: Date,
): Promise<{ readonly items: readonly Examined[]; readonly kept: number }> {
  const items = await readBundle(await readSmallText(file, maxBundleBytes));
  const store = await openDiskCache({ folder: cacheFolder });
  let kept = 0;
  for (const item of items) {
    const held = await store.load(item.source, item.request);
    // Keep the newer one.
    if (held !== undefined && held.fetchedAt > item.fetchedAt) continue;
    await store.save(item);
    kept += 1;
  }
  return { items: examineItems(items, now), kept };
}
