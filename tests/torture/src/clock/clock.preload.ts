// Loaded with `--import` before a program: its dates are off by what the file says that TORTURE_CLOCK names.
import { readFileSync } from 'node:fs';

const path = process.env['TORTURE_CLOCK'];

function offsetMs(): number {
  if (path === undefined) return 0;
  return Number(readFileSync(path, 'utf8'));
}

const RealDate = Date;

/** Dates as they are, but for the present one. Timers and `performance.now` are of another clock, and stay. */
class ShiftedDate extends Date {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(RealDate.now() + offsetMs());
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + offsetMs();
  }
}

Object.defineProperty(globalThis, 'Date', { value: ShiftedDate, writable: true, configurable: true });
