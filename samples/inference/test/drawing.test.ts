import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import { softmax } from '../src/page/digit-service.ts';
import { examples } from '../src/page/drawing/examples.ts';
import { pixelsOf, type Stroke } from '../src/page/drawing/strokes.ts';

env.wasm.numThreads = 1;

/** The same drawing, turned by some radians, made smaller and moved. */
function changed(strokes: readonly Stroke[], turn: number): readonly Stroke[] {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return strokes.map((stroke) =>
    stroke.map(({ x, y }) => ({
      x: 0.3 + 0.4 * (cos * (x - 0.5) - sin * (y - 0.5)),
      y: 0.6 + 0.4 * (sin * (x - 0.5) + cos * (y - 0.5)),
    })),
  );
}

test('the model reads each example, also turned, small and in a corner', async () => {
  const session = await InferenceSession.create(readFileSync(new URL('../../models/digits-1.onnx', import.meta.url)));
  for (const turn of [0, -0.1, 0.1]) {
    const pixels = examples.flatMap((strokes) => [...pixelsOf(changed(strokes, turn))]);
    const input = new Tensor('float32', Float32Array.from(pixels), [examples.length, 1, 8, 8]);
    const { data } = (await session.run({ input }))['scores'] ?? assert.fail('no scores');
    assert.ok(data instanceof Float32Array);
    const read = examples.map((_, digit) => {
      const likely = softmax([...data.subarray(10 * digit, 10 * digit + 10)]);
      return likely.indexOf(Math.max(...likely));
    });
    assert.deepEqual(read, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], `turned by ${turn}`);
  }
});

test('the model reads a plain line as a one', async () => {
  const session = await InferenceSession.create(readFileSync(new URL('../../models/digits-1.onnx', import.meta.url)));
  for (const slant of [-0.1, 0, 0.1, 0.2]) {
    const line = [
      { x: 0.5 + slant, y: 0.1 },
      { x: 0.5 - slant, y: 0.9 },
    ];
    const { data } =
      (await session.run({ input: new Tensor('float32', pixelsOf([line]), [1, 1, 8, 8]) }))['scores'] ?? assert.fail();
    assert.ok(data instanceof Float32Array);
    assert.equal(data.indexOf(Math.max(...data)), 1, `slant ${slant}`);
  }
});

test('a drawing is moved to the middle and made as large as fits', () => {
  const line = pixelsOf([
    [
      { x: 0.9, y: 0.8 },
      { x: 0.9, y: 0.9 },
    ],
  ]);
  const columns = Array.from({ length: 8 }, (_, x) => line.filter((_value, at) => at % 8 === x));
  assert.deepEqual(
    columns.map((column) => column.some((value) => value > 0)),
    [false, false, false, true, true, false, false, false],
  );
  assert.ok(line.every((value) => value >= 0 && value <= 1));
  // The cell in the middle of the line is all ink from top to bottom, but for its round ends.
  assert.ok(columns[3]?.every((value) => value > 0));
});

test('without ink all is paper, and a dot is a dot', () => {
  assert.ok(pixelsOf([]).every((value) => value === 0));
  const dot = pixelsOf([[{ x: 0.2, y: 0.7 }]]);
  assert.ok((dot[27] ?? 0) > 0 && (dot[0] ?? 1) === 0);
  assert.ok(dot.filter((value) => value > 0).length < 10);
});

test('likelihoods add up to one, also of large scores', () => {
  assert.deepEqual(softmax([1000, 1000]), [0.5, 0.5]);
  assert.ok(Math.abs(softmax([-3, 2, 0.5]).reduce((sum, part) => sum + part) - 1) < 1e-12);
});
