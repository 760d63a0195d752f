import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { Output } from '../src/server/output.ts';
import { quiet } from './server.ts';

/** A stream that keeps each write as its client would get it. */
class Written extends Duplex {
  readonly writes: string[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk.toString());
    done();
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.writes.push(chunks.map(({ chunk }) => chunk.toString()).join(''));
    done();
  }
}

describe('output', () => {
  test('that is not gathered is written at once, whole', () => {
    const stream = new Written();
    const output = new Output(stream);
    output.write(['a']);
    output.write(['b', Buffer.from('c'), 'd']);
    output.write([]);
    assert.deepEqual(stream.writes, ['a', 'bcd']);
  });

  test('that is gathered is written together, when all that is ready has been done', async () => {
    const stream = new Written();
    const output = new Output(stream);
    output.gather();
    output.write(['a']);
    await Promise.resolve();
    output.gather();
    output.write(['b']);
    assert.deepEqual(stream.writes, []);
    await quiet();
    assert.deepEqual(stream.writes, ['ab']);
    output.write(['c']);
    assert.deepEqual(stream.writes, ['ab', 'c']);
  });

  test('that is gathered is not lost to the end of the connection, nor to its being destroyed', () => {
    for (const finish of [(output: Output) => output.end([], () => undefined), (output: Output) => output.flush()]) {
      const stream = new Written();
      const output = new Output(stream);
      output.gather();
      output.write(['a']);
      finish(output);
      stream.destroy();
      assert.deepEqual(stream.writes, ['a']);
    }
  });
});
