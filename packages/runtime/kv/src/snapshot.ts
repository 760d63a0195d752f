import type { SnapshotMapContents, SnapshotRow } from '@enclos/ledger';
import { mapKind } from './map-name.ts';
import { misused } from './misused.ts';
import type { MapState, State } from './state.ts';

/** The whole state after one seqno, which stays as it is while the store goes on. */
export interface KvSnapshot {
  readonly version: number;
  /** Each read on its own, in the order of a snapshot of CCF: public maps, then private ones, each by name. */
  readonly maps: readonly SnapshotMapContents[];
  /** Lets the store forget it. */
  close(): void;
}

/** The maps of a state at its newest seqno, which `requireOpen` refuses to read when it may be forgotten. */
export function mapsAt(state: State, at: number, requireOpen: () => void): readonly SnapshotMapContents[] {
  const maps: (SnapshotMapContents & { readonly isPublic: boolean })[] = [];
  for (const map of state.maps()) {
    const { name, version } = map;
    if (version === 0) continue;
    maps.push({
      name,
      version,
      isPublic: mapKind(name).isPublic,
      rows: { [Symbol.iterator]: () => rowsAt(state, map, at, requireOpen) },
    });
  }
  maps.sort((a, b) => Number(b.isPublic) - Number(a.isPublic) || (a.name < b.name ? -1 : 1));
  return maps.map(({ name, version, rows }) => ({ name, version, rows }));
}

/** So many records are looked up at once: the store may change between two of them, but not their numbers while it is pinned. */
function* rowsAt(state: State, map: MapState, at: number, requireOpen: () => void): Generator<SnapshotRow, void> {
  requireOpen();
  const { records } = state;
  const seen: number[] = [];
  for (const newest of map.table.references()) {
    const record = state.seenFrom(newest, at);
    if (record !== 0) seen.push(record);
  }
  for (const record of seen) {
    requireOpen();
    const value = records.value(record);
    if (value === undefined) throw misused('A record of the snapshot is gone.');
    yield { key: records.key(record).slice(), value: value.slice(), version: records.version(record) };
  }
}
