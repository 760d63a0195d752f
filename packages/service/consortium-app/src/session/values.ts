import { ScriptThrow, type ScriptValue } from '@enclos/script';

// The prelude passes what these ask for. They are here for a script that got hold of a function of the host all the same.

export function needBytes(value: ScriptValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new ScriptThrow('TypeError', 'ArrayBuffer object expected');
}

export function needText(value: ScriptValue): string {
  if (typeof value === 'string') return value;
  throw new ScriptThrow('TypeError', 'string expected');
}

/** A whole number that is at least 0 and that a double holds exactly. */
export function needCount(value: ScriptValue): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ScriptThrow('RangeError', 'number out of range');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
