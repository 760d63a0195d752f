import { findQuickJs } from '@enclos/script/artefact';
import type { ScriptInterpreter } from '@enclos/script';
import { quickJsEngine, type QuickJsEngine } from '@enclos/script/quickjs';
import { atMost, type Figure } from '../harness/figures.ts';
import { interleave, median } from '../harness/statistics.ts';
import { createProgram, modulePath } from './application.ts';
import { bareEngine } from './bare.ts';
import { wholeRequests } from './model.ts';
import { exhaustion, overruns } from './overruns.ts';
import { hostOverruns } from './host-overruns.ts';
import { stages } from './stages.ts';

const calls = 4000;
const rounds = 9;
const warmUpMs = 4000;
const limits = { maxHeapBytes: 100 << 20, maxStackBytes: 1 << 20, maxExecutionMs: 1000 };
const body = Buffer.from(JSON.stringify({ id: 'record-7', value: 'a text of some length, as records have' }));

/** JavaScript applications in our interpreter, against a bare context of V8 that is reused: the same program, with the same host. */
export async function benchScript(): Promise<readonly Figure[]> {
  const { wasm } = findQuickJs();
  const engine = quickJsEngine({ wasm });
  return [
    ...(await handlers(engine)),
    await wholeRequests(engine),
    await stages(engine),
    ...overruns(engine),
    hostOverruns(engine),
    exhaustion(engine),
  ];
}

async function handlers(engine: QuickJsEngine): Promise<readonly Figure[]> {
  const bare = bareEngine().load(createProgram(), limits);
  const [reused, fresh] = [engine.load(createProgram(), limits), engine.load(createProgram(), limits)];
  // V8 compiles the interpreter's largest functions in the background, for seconds.
  for (const interpreter of [reused, bare]) {
    for (const end = performance.now() + warmUpMs; performance.now() < end;) handle(interpreter, 'post');
  }
  const post = await compare(
    'POST, 3 KV operations',
    () => handle(reused, 'post'),
    () => handle(bare, 'post'),
    2.5,
  );
  const get = await compare(
    'GET',
    () => handle(reused, 'get'),
    () => handle(bare, 'get'),
  );
  const paired = await interleave(
    rounds,
    async () =>
      microsEach(() => {
        fresh.reset();
        handle(fresh, 'post');
      }),
    async () => microsEach(() => handle(reused, 'post')),
  );
  const over = paired.ours - paired.peer;
  return [
    post,
    get,
    {
      what: 'script: POST in a fresh interpreter; the peer is a reused one',
      ours: micros(paired.ours),
      peer: micros(paired.peer),
      ratio: `+${micros(over)}`,
      bound: atMost(20, over, ' µs'),
    },
    { what: 'script: a program loaded', ours: micros(median(Array.from({ length: 15 }, () => loadMicros(engine)))) },
  ];
}

async function compare(what: string, ours: () => void, peer: () => void, limit?: number): Promise<Figure> {
  const {
    ours: own,
    peer: bare,
    ratio,
  } = await interleave(
    rounds,
    async () => microsEach(ours),
    async () => microsEach(peer),
  );
  return {
    what: `script: ${what}, reused; a bare context of V8 with the same program, host, copies and checks`,
    ours: micros(own),
    peer: micros(bare),
    ratio: ratio.toFixed(2),
    ...(limit === undefined ? {} : { bound: atMost(limit, ratio) }),
  };
}

function handle(interpreter: ScriptInterpreter, name: string): void {
  const outcome = interpreter.call('handle', [modulePath, name, '/records', '', body], limits);
  if (outcome.kind !== 'returned') throw new Error(`The handler ended with ${JSON.stringify(outcome)}.`);
}

function microsEach(work: () => void): number {
  const start = performance.now();
  for (let count = 0; count < calls; count++) work();
  return ((performance.now() - start) * 1000) / calls;
}

function loadMicros(engine: QuickJsEngine): number {
  const start = performance.now();
  engine.load(createProgram(), limits).dispose();
  return (performance.now() - start) * 1000;
}

const micros = (value: number): string => `${value.toFixed(1)} µs`;
