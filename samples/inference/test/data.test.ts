import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { alphabet, textOf, tokensOf } from '../src/training/characters.ts';
import { readDigits, varied } from '../src/training/digit-images.ts';
import { randomWeights } from '../src/training/matrix.ts';
import { weights } from '../src/training/adam.ts';
import { repeatableRandom, shuffle } from '../src/training/random.ts';
import { readWeights, writeWeights } from '../src/training/weights-file.ts';

test('the alphabet is a line break and printable ASCII, and other characters are left out', () => {
  assert.equal(alphabet.length, 96);
  assert.equal(new Set(alphabet).size, 96);
  assert.deepEqual([...tokensOf('\n ~')], [0, 1, 95]);
  assert.equal(textOf(tokensOf('An “é” is not\n in it.\t')), 'An  is not\n in it.');
  assert.equal(textOf(tokensOf(alphabet)), alphabet);
});

test('random numbers are the same in each run, and a shuffle keeps what it moves', () => {
  const [one, other] = [repeatableRandom(7), repeatableRandom(7)];
  const items = Array.from({ length: 50 }, (_, number) => ({ number }));
  const moved = [...items];
  shuffle(moved, one);
  assert.notDeepEqual(moved, items);
  assert.deepEqual(
    moved.toSorted((a, b) => a.number - b.number),
    items,
  );
  shuffle(items, other);
  assert.deepEqual(items, moved);
});

suite('files of training', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-sample-'));
  after(() => rm(folder, { recursive: true }));
  const pixels = Array.from({ length: 64 }, (_, i) => i % 17);
  const digitsFile = async (...lines: readonly string[]): Promise<string> => {
    const path = join(folder, 'digits.csv.gz');
    await writeFile(path, gzipSync(`${lines.join('\n')}\n`));
    return path;
  };

  test('images of digits are read, from 0 to 1', async () => {
    const [first, second] = await readDigits(
      await digitsFile([...pixels, 3].join(), [...pixels.toReversed(), 9].join()),
    );
    assert.deepEqual([first?.digit, second?.digit], [3, 9]);
    assert.deepEqual([...(first?.pixels.subarray(0, 3) ?? [])], [0, 1 / 16, 2 / 16]);
    assert.equal(first?.pixels.length, 64);
  });

  for (const [what, line] of Object.entries({
    'too few pixels': pixels.join(),
    'too many pixels': [...pixels, 3, 3].join(),
    'a pixel above 16': [17, ...pixels.slice(1), 3].join(),
    'a pixel that is not a number': ['x', ...pixels.slice(1), 3].join(),
    'a digit above 9': [...pixels, 10].join(),
  })) {
    test(`${what} is refused`, async () => {
      await assert.rejects(readDigits(await digitsFile(line)), /does not hold digits of 8 by 8 pixels/);
    });
  }

  test('a varied image is another of the same digit, and the same where nothing varies', () => {
    const image = { pixels: Float32Array.from(pixels, (value) => value / 16), digit: 4 };
    assert.deepEqual(
      varied(image, () => 0.5),
      image,
    );
    const other = varied(image, repeatableRandom(1));
    assert.equal(other.digit, 4);
    assert.notDeepEqual(other.pixels, image.pixels);
    assert.ok(other.pixels.every((value) => value >= 0 && value <= 1));
  });

  test('weights come back as they were written, and another file is refused', async () => {
    const path = join(folder, 'weights.json');
    const made = [randomWeights(3, 4, repeatableRandom(2)), randomWeights(1, 5, repeatableRandom(3))];
    await writeWeights(path, made.map(weights));
    assert.deepEqual(await readWeights(path), made);
    for (const content of ['{}', '[1]', '[{"rows":1,"columns":1}]', '[{"rows":2,"columns":1,"values":"AAAAAA=="}]']) {
      await writeFile(path, content);
      await assert.rejects(readWeights(path), /weights|all its values/);
    }
  });
});
