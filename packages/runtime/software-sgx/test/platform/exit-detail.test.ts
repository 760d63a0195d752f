import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeValue, string } from '@enclos/edl';
import fc from 'fast-check';
import { describeExit, lastText, maxDetailBytes } from '../../src/platform/process/exit-detail.ts';

const end = { code: null, signal: null, output: '', heapSizeBytes: 32n * 1024n * 1024n };
const detailType = string({ maxBytes: maxDetailBytes });

describe('the detail of an exit', () => {
  const cases = [
    [
      { code: 134 },
      /^The enclave ran out of memory: most likely its heap of 32 MiB was full \("heapSize" in enclave\.json\)\.$/,
    ],
    [{ code: 133 }, /out of memory/],
    [{ signal: 'SIGABRT' }, /out of memory/],
    [{ signal: 'SIGTRAP' }, /out of memory/],
    [{ signal: 'SIGSEGV' }, /out of memory/],
    [{ code: 139 }, /out of memory/],
    [{ signal: 'SIGKILL' }, /^The enclave was ended by SIGKILL\.$/],
    [{ code: 0 }, /ended with its host/],
    [{ code: 3 }, /platform was gone/],
    [{ code: 4 }, /^Its code failed before it was ready: /],
    [{ code: 5 }, /^The enclave ended because its host broke the rules of the passage\.$/],
    [{ code: 1 }, /^An error that its code did not catch ended the enclave with code 1\.$/],
    [{ code: 7 }, /ended with code 7/],
    [{ code: 137 }, /^The enclave was ended by SIGKILL\.$/],
    [{ code: 255 }, /ended with code 255/],
  ] as const;
  for (const [change, detail] of cases) {
    test(`of ${JSON.stringify(change)} says why`, () =>
      assert.match(describeExit({ ...end, ...change }).detail, detail));
  }

  test('fits its message, whatever a debug enclave wrote', () => {
    for (const output of ['ä'.repeat(9000), '🙂'.repeat(5000), 'x\ud83d', '\udc00'.repeat(8192), 'a'.repeat(100_000)]) {
      const { detail } = describeExit({ ...end, code: 1, output });
      encodeValue(detailType, detail);
      assert.match(detail, /ended the enclave with code 1\.\n/);
    }
  });

  test('holds the end of the output, which says what went wrong', () => {
    const output = `${'code;'.repeat(10_000)}\n    ^\n\nError: what went wrong`;
    assert.match(
      describeExit({ ...end, code: 1, output }).detail,
      /code 1\.\n.*code;\n {4}\^\n\nError: what went wrong$/,
    );
  });

  test('is cut between characters', () => {
    assert.equal(lastText('aäb', 2), 'b');
    assert.equal(lastText('aäb', 3), 'äb');
    assert.equal(lastText('🙂', 3), '');
    assert.equal(lastText('ab', 0), '');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(64), (text, maxBytes) => {
        const cut = lastText(text, maxBytes);
        return Buffer.byteLength(cut) <= maxBytes && Buffer.from(text).toString().endsWith(cut);
      }),
    );
  });
});
