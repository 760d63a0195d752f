import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { memoryFor } from '@enclos/edl';
import { AnswerKind, encodeGateAnswer } from '@enclos/sgx-stub/wire';
import { duplexPair, until } from '@enclos/testkit';
import { StubThread } from '../src/gate/stub-thread.ts';
import { fakeArenaBase } from './fake-stub.ts';

const hello = {
  thread: 0,
  arenaBase: fakeArenaBase,
  arenaBytes: 2n ** 24n,
  stackBase: fakeArenaBase,
  stackBytes: 65_536n,
  tcs: 0x1000n,
  enclaveBase: 0n,
  enclaveBytes: 2n ** 24n,
  fastExit: false,
};
const none = { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, rsp: 0n, rbp: 0n };
const empty = new Uint8Array();
const finalExit = encodeGateAnswer({
  kind: AnswerKind.EXIT,
  ...none,
  reason: 0,
  cssa: 0,
  faultPage: 0n,
  final: true,
  stack: empty,
  window: empty,
  reads: [],
});

/** More than a socket keeps for a peer that does not read. */
const spentBytes = 4_000_000;
const isUsedAgain = ({ buffer, length }: Uint8Array): boolean => memoryFor(length).buffer === buffer;

/** Two parts of one piece of memory, as an image has them around what is not carried. */
const entry = (spent: Uint8Array) => ({
  writes: [
    { address: fakeArenaBase + 65_536n, bytes: spent.subarray(0, 100_000) },
    { address: fakeArenaBase + 200_000n, bytes: spent.subarray(150_000) },
  ],
  spent,
});

async function socketPair(t: TestContext): Promise<readonly [gate: Socket, process: Socket]> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-spent-'));
  const server = createServer({ pauseOnConnect: true }).listen(join(folder, 'gate'));
  await once(server, 'listening');
  const gate = connect(join(folder, 'gate'));
  const [process] = (await once(server, 'connection')) as [Socket];
  t.after(async () => {
    gate.destroy();
    process.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });
  return [gate, process];
}

test('what a hostile process has not read yet is not used again, whatever it has answered', async (t) => {
  const [gate, process] = await socketPair(t);
  const thread = new StubThread(gate, hello, () => undefined);
  const spent = new Uint8Array(spentBytes).fill(7);
  process.write(finalExit);
  const answer = await thread.enter(entry(spent));
  assert.equal(answer.kind, 'exit');
  assert.ok(gate.writableLength > 0);
  assert.ok(!isUsedAgain(spent));
  process.resume();
  await until('the kernel has all', () => gate.writableLength === 0);
  assert.ok(isUsedAgain(spent));
});

test('what could not be sent, and what went to a stream that is not a socket, is not used again', async (t) => {
  const [gate] = await socketPair(t);
  const lost = new Uint8Array(spentBytes);
  const thread = new StubThread(gate, hello, (error) => thread.fail(error));
  const entering = thread.enter(entry(lost));
  gate.destroy();
  await assert.rejects(entering);
  assert.ok(!isUsedAgain(lost));
  const [host, other] = duplexPair();
  const kept = new Uint8Array(spentBytes);
  const waiting = new StubThread(host, hello, () => undefined).enter(entry(kept));
  other.resume();
  other.write(finalExit);
  await waiting;
  await until('it is written', () => host.writableLength === 0);
  assert.ok(!isUsedAgain(kept));
});
