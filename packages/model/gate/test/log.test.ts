import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameKind } from '../src/index.ts';
import { frame, hasCode, hello, openRig, rig, settle, testLimits } from './harness.ts';

test('a line crosses with its level and without control characters', async () => {
  const lines: [number, string][] = [];
  const { wire } = await openRig({ onLog: (level, text) => lines.push([level, text]) });
  wire.push(frame(FrameKind.LOG, { functionIndex: 3, payload: Buffer.from('a\u001b[2Jb\n\tc') }));
  assert.deepEqual(lines, [[3, 'a\ufffd[2Jb\u23ce c']]);
});

test('text is cut at 8 KiB and at the frame, the level is forced into range', async () => {
  for (const [maxFrameBytes, expected] of [
    [65_536, 8192],
    [4182, 4162],
  ] as const) {
    const { endpoint, wire } = await openRig({ limits: { ...testLimits, maxFrameBytes } });
    endpoint.log(9, 'x'.repeat(100_000));
    endpoint.log(-1, 'x');
    endpoint.log(Number.NaN, 'x');
    await settle();
    const sent = wire.frames();
    assert.equal(sent[0]?.payload.length, expected);
    assert.deepEqual(
      sent.map(({ functionIndex }) => functionIndex),
      [4, 0, 0],
    );
  }
});

test('lines before the greeting are kept up to a bound', async () => {
  const { endpoint, wire } = rig();
  for (let line = 0; line < 1000; line++) endpoint.log(0, 'x'.repeat(1000));
  wire.push(hello);
  await settle();
  const logs = wire.frames().filter(({ kind }) => kind === FrameKind.LOG);
  assert.ok(logs.length > 50 && logs.length < 70, String(logs.length));
});

test('an onLog that throws, or none, changes nothing', async () => {
  for (const onLog of [undefined, () => assert.fail('full disk')]) {
    const { wire } = await openRig({ onLog });
    wire.push(frame(FrameKind.LOG), frame(FrameKind.CALL, { callId: 2 }));
    await settle();
    assert.deepEqual(wire.frames(), [frame(FrameKind.RETURN, { callId: 2 })]);
  }
});

test('text that is not UTF-8 is a violation', async () => {
  const { endpoint, wire } = await openRig();
  wire.push(frame(FrameKind.LOG, { payload: Uint8Array.of(0xff) }));
  assert.ok(hasCode('GATE_PROTOCOL_VIOLATION')((await endpoint.closed).error));
});
