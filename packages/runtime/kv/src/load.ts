import { utf8 } from '@enclos/codec';
import type { SnapshotMapContents } from '@enclos/ledger';
import { requireAtMost, requireRoom, type KvLimits } from './limits.ts';
import { mapKind } from './map-name.ts';
import { misused, requireSeqno } from './misused.ts';
import type { State } from './state.ts';

/**
 * Puts the maps of a snapshot into a state that is empty.
 *
 * @param within the limits of the store, and the version of the snapshot
 */
export function loadMaps(
  state: State,
  within: KvLimits & { readonly version: number },
  maps: Iterable<SnapshotMapContents>,
): void {
  for (const { name, version, rows } of maps) {
    requireAtMost(within, 'nameBytes', utf8(name).length);
    mapKind(name);
    if (state.map(name) !== undefined) throw misused(`The snapshot holds ${name} twice.`);
    requireVersion(version, within.version);
    const map = state.load(name, version);
    for (const { key, value, version: written } of rows) {
      // Early versions of CCF kept keys that were removed.
      if (written < 0) continue;
      requireAtMost(within, 'keyBytes', key.length);
      requireAtMost(within, 'valueBytes', value.length);
      requireVersion(written, version);
      requireRoom(within, state.heldBytes, [{ writes: [[key, value]], removes: [] }]);
      if (!state.loadEntry(map, written, key, value)) throw misused(`The snapshot holds a key of ${name} twice.`);
    }
  }
}

/** Nothing is newer than what holds it. */
function requireVersion(version: number, latest: number): void {
  requireSeqno(version);
  if (version > latest || version === 0) throw misused(`Version ${version} is not one from 1 to ${latest}.`);
}
