import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientConnections, parseServiceConfiguration } from '../../src/configuration.ts';
import { ForwardingTurns, type ForwardingTurn } from '../../src/replicas/forwarding-turns.ts';

const atOnce = 14;
const signal = new AbortController().signal;

async function* pieces(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size);
}

interface Client {
  readonly turn: ForwardingTurn;
  readonly answer: AsyncGenerator<Uint8Array>;
}

async function clients(turns: ForwardingTurns, sizes: readonly number[]): Promise<readonly Client[]> {
  const all = [];
  for (let at = 0; at < atOnce; at++) {
    // eslint-disable-next-line no-await-in-loop
    const turn = await turns.take(signal);
    const answer = turn.follow(pieces(...sizes));
    // eslint-disable-next-line no-await-in-loop
    await answer.next();
    all.push({ turn, answer });
  }
  return all;
}

const ended = (all: readonly Client[]): number => all.filter(({ turn }) => turn.signal.aborted).length;

test('a client that does not take its answer gives way to a request that waits, and to no other', async () => {
  let nowMs = 0;
  const turns = new ForwardingTurns(() => nowMs);
  const all = await clients(turns, [1000, 1000]);
  nowMs = 3_600_000;
  assert.equal(ended(all), 0, 'nothing waits');
  const next = await turns.take(signal);
  assert.equal(ended(all), 1);
  assert.ok(!next.signal.aborted);
});

test('one that takes little at a time gives way too, and those that take enough stay', async () => {
  let nowMs = 0;
  const turns = new ForwardingTurns(() => nowMs);
  const all = await clients(
    turns,
    Array.from({ length: 20 }, () => 60_000),
  );
  const [slow, ...quick] = all;
  assert.ok(slow !== undefined);
  for (let second = 0; second < 9; second++) {
    nowMs += 1000;
    for (const { answer } of all) {
      // eslint-disable-next-line no-await-in-loop
      await answer.next();
      // eslint-disable-next-line no-await-in-loop
      if (answer !== slow.answer) await answer.next();
    }
  }
  await turns.take(signal);
  assert.ok(slow.turn.signal.aborted);
  assert.equal(ended(quick), 0);
});

test('a client that has left takes no turn, and its request is not sent', async () => {
  const turns = new ForwardingTurns(() => 0);
  for (let times = 0; times < 2 * atOnce; times++) {
    // eslint-disable-next-line no-await-in-loop
    assert.ok((await turns.take(AbortSignal.abort())).signal.aborted);
  }
  const leaving = new AbortController();
  const turn = await turns.take(leaving.signal);
  leaving.abort(new Error('gone'));
  assert.equal((turn.signal.reason as Error).message, 'gone');
  assert.equal((await clients(turns, [1])).length, atOnce);
});

test('waiting for the replica is not the fault of its client', async () => {
  let nowMs = 0;
  const turns = new ForwardingTurns(() => nowMs);
  const all = await clients(turns, [1]);
  const waiting = all.map(async ({ turn, answer }) => {
    await answer.next();
    return turn;
  });
  nowMs += 60_000;
  await Promise.all(waiting);
  // Their answers are over, so each turn is free for another.
  assert.equal(ended(all), 0);
  assert.equal((await clients(turns, [1])).length, atOnce);
});

test('a request that waits is served although nothing else happens', { timeout: 120_000 }, async () => {
  let nowMs = 0;
  const turns = new ForwardingTurns(() => nowMs);
  const all = await clients(turns, [1000]);
  const waiting = turns.take(signal);
  nowMs += 6000;
  // The look at slow clients holds no process open, and this test needs one.
  const open = setInterval(() => undefined, 1000);
  await waiting;
  clearInterval(open);
  assert.equal(ended(all), 1);
});

test('clients that hold all connections which they may leave streams to replicas, in both directions', () => {
  const streams = 256;
  const others = 7;
  const replicated = parseServiceConfiguration('{"replicas":{"by":"enclave"}}');
  assert.ok(streams - clientConnections(replicated) >= 2 * (others + atOnce));
  assert.equal(clientConnections(parseServiceConfiguration('{}')), 240);
});
