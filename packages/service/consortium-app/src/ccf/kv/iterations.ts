import { ByteWriter } from '@enclos/codec';
import type { KvMap } from '@enclos/kv';
import { ScriptThrow } from '@enclos/script';

import { inPieces } from '../../session/pieces.ts';
import type { ScriptCall } from '../../session/session.ts';

/** Entries cross to the script in pieces of about this size. */
const pieceBytes = 64 * 1024;
/** What all open iterations of a call may hold: a script may leave one open by an exception, and open another inside it. */
const maxIteratedBytes = 128 * 1024 * 1024;
const entryOverheadBytes = 8;

interface Iteration {
  readonly pieces: Uint8Array[];
  readonly bytes: number;
}

/**
 * The loops over tables that run now. What is visited is what was there when the loop began, as `KvMap.forEach` says. A loop that
 * nothing ended goes with its call.
 */
export class KvIterations {
  readonly #open = new WeakMap<ScriptCall, Map<number, Iteration>>();
  #next = 0;

  begin(call: ScriptCall, map: KvMap, checkTime: () => void): number {
    const iteration = collect(map, maxIteratedBytes - call.iteratedBytes, checkTime);
    call.iteratedBytes += iteration.bytes;
    const number = this.#next++;
    const open = this.#open.get(call) ?? new Map<number, Iteration>();
    this.#open.set(call, open.set(number, iteration));
    return number;
  }

  next(call: ScriptCall, number: number): Uint8Array | undefined {
    return this.#open.get(call)?.get(number)?.pieces.shift();
  }

  end(call: ScriptCall, number: number): void {
    const open = this.#open.get(call);
    call.iteratedBytes -= open?.get(number)?.bytes ?? 0;
    open?.delete(number);
  }
}

/** An entry as a whole piece. */
function largeEntry(key: Uint8Array, value: Uint8Array, checkTime: () => void): Uint8Array {
  const entry = new Uint8Array(entryOverheadBytes + key.length + value.length);
  const head = new ByteWriter().u32(key.length).u32(value.length).bytes(key).finish();
  entry.set(head);
  let at = head.length;
  inPieces(value, checkTime, (piece) => {
    entry.set(piece, at);
    at += piece.length;
  });
  return entry;
}

function collect(map: KvMap, limit: number, checkTime: () => void): Iteration {
  const pieces: Uint8Array[] = [];
  let writer = new ByteWriter();
  let inPiece = 0;
  let bytes = 0;
  map.forEach((value, key) => {
    const size = entryOverheadBytes + key.length + value.length;
    bytes += size;
    if (bytes > limit) throw new ScriptThrow('RangeError', 'The tables that are iterated over are too large.');
    if (size >= pieceBytes) {
      if (inPiece > 0) pieces.push(writer.finish());
      pieces.push(largeEntry(key, value, checkTime));
      writer = new ByteWriter();
      inPiece = 0;
      return;
    }
    writer.u32(key.length).u32(value.length).bytes(key).bytes(value);
    inPiece += size;
    if (inPiece < pieceBytes) return;
    pieces.push(writer.finish());
    writer = new ByteWriter();
    inPiece = 0;
  }, checkTime);
  if (inPiece > 0) pieces.push(writer.finish());
  return { pieces, bytes };
}
