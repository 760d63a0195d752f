import { concatBytes, fromHex, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/**
 * Whether the platform's keys are out of reach of the user that runs the host: `separated`, or `single-user` when they are not.
 */
export type Separation = 'single-user' | 'separated';

/**
 * The CPUSVN of a software machine, byte by byte, is also its 16 TCB
 * components (as in a PCK certificate). Byte 0 is the release level of the
 * platform, byte 1 the security version of the stub that runs SGX images (0 on machines that were enrolled before there was one),
 * bytes 2 to 14 are free for later parts, and byte 15 states the separation. A higher byte is a better TCB, so a
 * single-user machine is below a separated one in each comparison: EGETKEY never gives it keys that were made under separation,
 * and it has its own TCB level.
 */
const separationSvn: Readonly<Record<Separation, number>> = Object.freeze({ 'single-user': 1, separated: 2 });
const componentCount = 15;

/** The machine runs in single-user mode: its user can read the platform's keys. */
export const singleUserAdvisory = 'ENCLOS-SA-00001';
/** The platform is older than the current TCB recovery. */
export const outOfDateAdvisory = 'ENCLOS-SA-00002';

/** One TCB recovery event, after which these component SVNs are the current level. */
export interface TcbGeneration {
  readonly tcbEvaluationDataNumber: number;
  /** Hex of CPUSVN bytes 0 to 14. */
  readonly components: string;
  readonly pceSvn: number;
  readonly tcbDate: Date;
}

export const initialPceSvn = 1;
export const initialComponents: Uint8Array = Uint8Array.of(1, 1, ...Array.from({ length: 13 }, () => 0));

export function initialCpuSvn(separation: Separation): Uint8Array {
  return concatBytes(initialComponents, Uint8Array.of(separationSvn[separation]));
}

/** @throws TCB_REFUSED unless the CPUSVN is 16 bytes and ends in the byte of this separation. */
export function requireCpuSvn(cpuSvn: Uint8Array, separation: Separation): void {
  if (cpuSvn.length === 16 && cpuSvn[componentCount] === separationSvn[separation]) return;
  throw new EnclosError(
    'TCB_REFUSED',
    `A CPUSVN of a ${separation} machine is 16 bytes and ends in ${separationSvn[separation]}.`,
  );
}

/** The separation in a CPUSVN (hex, 16 bytes); undefined when it states none. */
export function separationOf(cpuSvn: string): Separation | undefined {
  const svn = fromHex(cpuSvn)[componentCount];
  return separations.find((separation) => separationSvn[separation] === svn);
}

const separations: readonly Separation[] = ['single-user', 'separated'];

/** Whether no component of a TCB is above a published generation. The separation byte is ignored. */
export function isPublished(
  tcb: { readonly cpuSvn: string; readonly pceSvn: number },
  newest: Pick<TcbGeneration, 'components' | 'pceSvn'>,
): boolean {
  const components = fromHex(tcb.cpuSvn);
  return (
    tcb.pceSvn <= newest.pceSvn && fromHex(newest.components).every((svn, index) => (components[index] ?? 0) <= svn)
  );
}

/** @throws TCB_REFUSED unless `next` is at least `previous` everywhere and above it somewhere. */
export function requireRise(previous: TcbGeneration, next: Pick<TcbGeneration, 'components' | 'pceSvn'>): void {
  const before = [...fromHex(previous.components), previous.pceSvn];
  const after = [...fromHex(next.components), next.pceSvn];
  const lower = before.some((svn, index) => svn > (after[index] ?? 0));
  const higher = before.some((svn, index) => svn < (after[index] ?? 0));
  if (lower || !higher) throw new EnclosError('TCB_REFUSED', 'The new TCB level is not above the current one.');
}

export interface TcbLevel {
  readonly tcb: {
    readonly sgxtcbcomponents: readonly { readonly svn: number }[];
    readonly pcesvn: number;
  };
  readonly tcbDate: Date;
  readonly tcbStatus: 'UpToDate' | 'ConfigurationNeeded' | 'OutOfDate' | 'OutOfDateConfigurationNeeded';
  /** Absent when there are none, as in Intel's documents. */
  readonly advisoryIDs?: readonly string[];
}

/**
 * The TCB levels of TCB info v3 in descending order: for each generation the separated level and then the single-user level,
 * and finally a floor that every enrolled machine reaches. A verifier takes the first level that matches.
 */
export function tcbLevels(generations: readonly TcbGeneration[]): readonly TcbLevel[] {
  const newestFirst = generations.toReversed();
  const oldest = newestFirst.at(-1);
  if (oldest !== undefined && (/[^0]/.test(oldest.components) || oldest.pceSvn > 0)) {
    newestFirst.push({ ...oldest, components: toHex(new Uint8Array(componentCount)), pceSvn: 0 });
  }
  return newestFirst.flatMap((generation, index) => [
    level(generation, 'separated', index === 0),
    level(generation, 'single-user', index === 0),
  ]);
}

function level(generation: TcbGeneration, separation: Separation, isCurrent: boolean): TcbLevel {
  const svns = [...fromHex(generation.components), separationSvn[separation]];
  const singleUser = separation === 'single-user';
  const advisoryIDs = [...(singleUser ? [singleUserAdvisory] : []), ...(isCurrent ? [] : [outOfDateAdvisory])];
  return {
    tcb: { sgxtcbcomponents: svns.map((svn) => ({ svn })), pcesvn: generation.pceSvn },
    tcbDate: generation.tcbDate,
    tcbStatus: isCurrent
      ? singleUser
        ? 'ConfigurationNeeded'
        : 'UpToDate'
      : singleUser
        ? 'OutOfDateConfigurationNeeded'
        : 'OutOfDate',
    ...(advisoryIDs.length === 0 ? {} : { advisoryIDs }),
  };
}
