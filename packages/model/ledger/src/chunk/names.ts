/** What the name of a chunk says (CCF, src/host/ledger_filenames.h). */
export interface ChunkName {
  /** The seqno of the first entry. */
  readonly first: number;
  /** The seqno of the last entry; undefined while entries are being added. */
  readonly last?: number;
  /** Whether a majority of the nodes had it. */
  readonly committed: boolean;
  /** Whether the service was recovering when it wrote this; such a chunk counts only when the recovery was completed. */
  readonly recovery: boolean;
  /** Whether CCF put it aside, since it was not what the service went on with. */
  readonly ignored: boolean;
}

const form = /^ledger_(\d{1,16})(?:-(\d{1,16}))?(\.committed)?(\.recovery)?(\.ignored)?$/;

/**
 * Reads the name of a chunk. Undefined for the name of another file.
 *
 * @example parseChunkName('ledger_3-13.committed') // { first: 3, last: 13, committed: true, … }
 */
export function parseChunkName(name: string): ChunkName | undefined {
  const match = form.exec(name);
  if (match === null) return undefined;
  const [, firstText, lastText, committed, recovery, ignored] = match;
  const first = Number(firstText);
  const last = lastText === undefined ? {} : { last: Number(lastText) };
  if (!isSeqno(first) || (last.last !== undefined && (!isSeqno(last.last) || last.last < first))) return undefined;
  if (committed !== undefined && lastText === undefined) return undefined;
  return {
    first,
    ...last,
    committed: committed !== undefined,
    recovery: recovery !== undefined,
    ignored: ignored !== undefined,
  };
}

/** The name of a chunk: `ledger_3`, `ledger_3-13`, `ledger_3-13.committed`, each also with `.recovery`. */
export function chunkName({ first, last, committed, recovery, ignored }: ChunkName): string {
  const range = last === undefined ? `${first}` : `${first}-${last}`;
  return `ledger_${range}${committed ? '.committed' : ''}${recovery ? '.recovery' : ''}${ignored ? '.ignored' : ''}`;
}

function isSeqno(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
