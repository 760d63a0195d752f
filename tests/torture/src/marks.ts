import { openSync, writeSync } from 'node:fs';

/** What a tortured process says of itself, one line of JSON in a named pipe. */
export interface Mark {
  readonly step: string;
  /** CLOCK_MONOTONIC, ns: the same clock in every process. */
  readonly at: bigint;
  readonly processId: number;
  readonly value?: number;
  readonly code?: string;
}

/** Variables that the tormentor gives to what it torments. */
export const markVariables = Object.freeze({
  /** The named pipe. */
  pipe: 'TORTURE_MARKS',
  /** `STEP NTH MS`: stand still for so long at this step, so that something can happen just there. */
  hold: 'TORTURE_HOLD',
  /** `N`: die at the N-th step. */
  dieAt: 'TORTURE_DIE_AT',
  /** The folder whose changes are steps. */
  watch: 'TORTURE_WATCH',
});

const pipe = openPipe();
const [holdStep = '', holdNth = '0', holdMs = '0'] = (process.env[markVariables.hold] ?? '').split(' ');
const dieAt = Number(process.env[markVariables.dieAt] ?? 0);
const seen = new Map<string, number>();
let steps = 0;

/** Says which step comes next. */
export function mark(step: string, facts: Pick<Mark, 'value' | 'code'> = {}): void {
  const nth = (seen.get(step) ?? 0) + 1;
  seen.set(step, nth);
  steps += 1;
  if (pipe !== undefined) {
    const line = { step, at: String(process.hrtime.bigint()), processId: process.pid, ...facts };
    // Shorter than PIPE_BUF, so lines of several processes do not mix (pipe(7)).
    writeSync(pipe, `${JSON.stringify(line)}\n`);
  }
  if (steps === dieAt) process.kill(process.pid, 'SIGKILL');
  if (step === holdStep && nth === Number(holdNth)) standStill(Number(holdMs));
}

/** How many steps there were in this process. */
export function stepCount(): number {
  return steps;
}

export function parseMark(line: string): Mark {
  const value = JSON.parse(line) as Omit<Mark, 'at'> & { readonly at: string };
  return { ...value, at: BigInt(value.at) };
}

function openPipe(): number | undefined {
  const path = process.env[markVariables.pipe];
  return path === undefined ? undefined : openSync(path, 'w');
}

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
