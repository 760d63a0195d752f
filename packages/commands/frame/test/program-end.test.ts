import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfProgram, onProcessSignal } from '../src/program-end.ts';

interface Staged {
  readonly end: (exitCode: number | undefined) => void;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly code: Promise<number>;
  readonly complaints: string[];
  /** How often it was disposed of, and whether signals are still heard. */
  readonly state: { disposed: number; hears: boolean };
}

function staged(): Staged {
  const complaints: string[] = [];
  const state = { disposed: 0, hears: false };
  let end: Staged['end'] = () => undefined;
  let signal: Staged['signal'] = () => undefined;
  const exited = new Promise<{ exitCode: number | undefined; detail: string }>((resolve) => {
    end = (exitCode) => resolve({ exitCode, detail: 'It ended.' });
  });
  const program = {
    exited,
    async dispose() {
      state.disposed += 1;
      end(137);
    },
  };
  const code = endOfProgram(program, {
    complain: (detail) => complaints.push(detail),
    onSignal(handler) {
      signal = handler;
      state.hears = true;
      return () => void (state.hears = false);
    },
  });
  return { end: (exitCode) => end(exitCode), signal: (name) => signal(name), code, complaints, state };
}

test('the end of a program is its exit code, with why where it is not 0', async () => {
  for (const [given, code, complaints] of [
    [0, 0, []],
    [7, 7, ['It ended.']],
    [undefined, 1, ['It ended.']],
  ] as const) {
    const program = staged();
    assert.ok(program.state.hears);
    program.end(given);
    assert.equal(await program.code, code);
    assert.deepEqual(program.complaints, complaints);
    assert.deepEqual(program.state, { disposed: 0, hears: false });
  }
});

test('a signal ends a program, and is not a failure of it', async () => {
  const program = staged();
  program.signal('SIGTERM');
  assert.equal(await program.code, 128 + 15);
  assert.deepEqual([program.complaints, program.state], [[], { disposed: 1, hears: false }]);
});

test('signals to this process are heard until that is stopped', () => {
  const before = process.listenerCount('SIGHUP');
  const heard: string[] = [];
  const stop = onProcessSignal((signal) => heard.push(signal));
  process.emit('SIGHUP', 'SIGHUP');
  stop();
  assert.deepEqual([heard, process.listenerCount('SIGHUP')], [['SIGHUP'], before]);
});
