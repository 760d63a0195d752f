import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { transformSync } from 'esbuild';
import fc from 'fast-check';
import { repository } from '../../cli.ts';

type LinesOf = (chunks: Iterable<Uint8Array>, maxBytes: number) => AsyncIterable<string>;

// As a new project has it. It is no module of this package, whose checks do not reach into templates.
const source = readFileSync(join(repository, 'packages/cli/templates/tls-service/src/lines.ts'), 'utf8');
const { code } = transformSync(source, { loader: 'ts', format: 'esm' });
const { linesOf } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { linesOf: LinesOf };

const maxBytes = 20;

/** The lines, and whether they ended by a line that is too long. */
async function cut(chunks: readonly Uint8Array[]): Promise<{ readonly lines: string[]; readonly refused: boolean }> {
  const lines: string[] = [];
  try {
    for await (const line of linesOf(chunks, maxBytes)) lines.push(line);
    return { lines, refused: false };
  } catch (error) {
    assert.equal(String(error), 'Error: A line is too long.');
    return { lines, refused: true };
  }
}

/** The same, of all bytes at once and without a loop over pieces. */
function expected(bytes: Buffer): { readonly lines: string[]; readonly refused: boolean } {
  const parts = bytes.toString('latin1').split('\n');
  const long = parts.findIndex((part) => part.length > maxBytes);
  const whole = long === -1 ? parts.slice(0, -1) : parts.slice(0, long);
  return { lines: whole.map((part) => Buffer.from(part, 'latin1').toString('utf8')), refused: long !== -1 };
}

test('lines of the template: whatever the pieces are, the same lines and the same refusal', async () => {
  const byte = fc.oneof({ weight: 1, arbitrary: fc.constant(10) }, { weight: 8, arbitrary: fc.nat(255) });
  const pieces = fc.array(fc.array(byte, { maxLength: 30 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(pieces, async (given) => {
      const chunks = given.map((bytes) => Uint8Array.from(bytes));
      assert.deepEqual(await cut(chunks), expected(Buffer.concat(chunks)));
    }),
  );
});

test('lines of the template: a line that is too long is refused before it is complete', async () => {
  const asked: number[] = [];
  const endless = function* (): Generator<Uint8Array> {
    for (let piece = 0; ; piece++) {
      asked.push(piece);
      yield new Uint8Array(8).fill(0x78);
    }
  };
  await assert.rejects(async () => {
    for await (const line of linesOf(endless(), maxBytes)) assert.fail(line);
  }, /A line is too long/);
  assert.deepEqual(asked, [0, 1, 2]);
});
