// Measures the gate against a bare framed echo with the same bytes, over a Unix socket between two processes.
// node packages/model/gate/bench/gate.mjs [--calls=200000] [--window=512] [--payload=16] [--rounds=5]
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createEndpoint, encodeFrame, FrameKind, streamTransport } from '../dist/src/index.js';

const limits = {
  maxFrameBytes: 1_048_576,
  maxConcurrentCalls: 64,
  maxQueuedCalls: 1024,
  maxPendingCalls: 1024,
  maxDepth: 4,
  helloTimeoutMs: 5_000,
};
const nothing = new Uint8Array(0);
const headerBytes = 20;

function endpointOn(socket, initiator) {
  return createEndpoint({
    transport: streamTransport(socket),
    initiator,
    hello: nothing,
    acceptHello: () => undefined,
    limits,
    remoteErrors: [],
    maxPayloadBytes: () => limits.maxFrameBytes,
    dispatch: async (call) => call.payload,
    describeError: () => ({ code: 'BENCH', message: '' }),
    lostError: (cause) => new Error('lost', { cause }),
  });
}

/** Collects what one chunk completes, so that both sides of the bare echo batch as the gate does. */
function bareFrames(socket, each) {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const next = at + 4 + bytes.readUInt32LE(at);
      if (next > bytes.length) break;
      each(bytes, at, next);
      at = next;
    }
    rest = bytes.subarray(at);
    each.flush();
  });
  socket.resume();
}

function serveBare(socket) {
  let out = [];
  const each = (bytes, at, next) => out.push(bytes.subarray(at, next));
  each.flush = () => {
    if (out.length > 0) socket.write(out.length === 1 ? out[0] : Buffer.concat(out));
    out = [];
  };
  bareFrames(socket, each);
}

function serve(path) {
  const server = createServer((socket) => {
    socket.once('data', (mode) => {
      socket.write(mode);
      if (mode[0] === 0) serveBare(socket);
      else endpointOn(socket, false);
    });
  });
  server.listen(path, () => process.send('ready'));
}

function open(path, mode) {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(Uint8Array.of(mode)));
    socket.once('data', (chunk) => {
      socket.pause();
      if (chunk.length > 1) socket.unshift(chunk.subarray(1));
      resolve(socket);
    });
  });
}

/** `bare`: no promise a call. `bare+promise`: a promise a call, as any usable interface has. */
async function bareClient(path, payloadBytes) {
  const socket = await open(path, 0);
  const frame = encodeFrame({
    kind: FrameKind.CALL,
    table: 0,
    functionIndex: 0,
    callId: 1,
    parentCallId: 0,
    timeoutMs: 0,
    payload: new Uint8Array(payloadBytes),
  });
  let onFrame = () => undefined;
  const each = () => onFrame();
  let pending = 0;
  each.flush = () => {
    if (pending > 0) socket.write(Buffer.concat(Array.from({ length: pending }, () => frame)));
    pending = 0;
  };
  bareFrames(socket, each);
  const pipelined = (calls, window) =>
    new Promise((resolve) => {
      let sent = 0;
      let done = 0;
      onFrame = () => {
        if (++done === calls) return resolve();
        if (sent < calls) {
          sent++;
          pending++;
        }
      };
      sent = pending = Math.min(window, calls);
      each.flush();
    });
  const waiters = [];
  let waitersAt = 0;
  const once = () =>
    new Promise((resolve) => {
      waiters.push(resolve);
      if (pending++ === 0) queueMicrotask(() => queueMicrotask(each.flush));
    });
  const promised = () => {
    waiters.length = waitersAt = 0;
    onFrame = () => waiters[waitersAt++]();
    return once;
  };
  return { pipelined, promised, close: () => socket.destroy() };
}

async function withWindow(call, calls, window) {
  let left = calls;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: window }, worker));
}

async function sequential(call, calls) {
  const times = new Float64Array(calls);
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await call();
    times[i] = performance.now() - start;
  }
  times.sort();
  return times[Math.floor(calls / 2)] * 1000;
}

async function perSecond(calls, run) {
  const start = performance.now();
  await run();
  return calls / ((performance.now() - start) / 1000);
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function main() {
  const { values } = parseArgs({
    options: {
      calls: { type: 'string', default: '200000' },
      window: { type: 'string', default: '512' },
      payload: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    },
  });
  const [calls, window, payloadBytes, rounds] = [values.calls, values.window, values.payload, values.rounds].map(
    Number,
  );
  const folder = mkdtempSync(join(tmpdir(), 'gate-bench-'));
  const path = join(folder, 'socket');
  const child = fork(new URL(import.meta.url), ['--serve', path]);
  await new Promise((resolve) => child.once('message', resolve));
  const bare = await bareClient(path, payloadBytes);
  const endpoint = endpointOn(await open(path, 1), true);
  await endpoint.ready;
  const payload = new Uint8Array(payloadBytes);
  const gateCall = () => endpoint.invoke(0, 0, payload);
  const results = { bare: [], promised: [], gate: [], bareP50: [], gateP50: [] };
  const sequentialCalls = Math.min(10_000, calls);
  for (let round = 0; round <= rounds; round++) {
    const measured = {
      bare: await perSecond(calls, () => bare.pipelined(calls, window)),
      promised: await perSecond(calls, () => withWindow(bare.promised(), calls, window)),
      gate: await perSecond(calls, () => withWindow(gateCall, calls, window)),
      bareP50: await sequential(bare.promised(), sequentialCalls),
      gateP50: await sequential(gateCall, sequentialCalls),
    };
    // The first round warms up.
    if (round > 0) for (const [name, value] of Object.entries(measured)) results[name].push(value);
  }
  await endpoint.close();
  bare.close();
  child.kill();
  rmSync(folder, { recursive: true });
  const figures = Object.fromEntries(Object.entries(results).map(([name, list]) => [name, median(list)]));
  const report = {
    headerBytes,
    payloadBytes,
    window,
    bareFramesPerSecond: Math.round(figures.bare),
    bareWithPromisePerSecond: Math.round(figures.promised),
    gateCallsPerSecond: Math.round(figures.gate),
    gateOverBareWithPromise: Number((figures.gate / figures.promised).toFixed(2)),
    gateOverBare: Number((figures.gate / figures.bare).toFixed(2)),
    bareP50Us: Number(figures.bareP50.toFixed(1)),
    gateP50Us: Number(figures.gateP50.toFixed(1)),
    gateP50OverBare: Number((figures.gateP50 / figures.bareP50).toFixed(2)),
  };
  if (values.json) console.log(JSON.stringify(report));
  else for (const [name, value] of Object.entries(report)) console.log(`${name.padEnd(26)} ${value}`);
}

if (process.argv[2] === '--serve') serve(process.argv[3]);
else await main();
