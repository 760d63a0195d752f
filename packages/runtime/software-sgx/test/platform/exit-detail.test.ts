import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeValue, string } from '@enclos/edl';
import fc from 'fast-check';
import { cutText, describeExit, maxDetailBytes } from '../../src/platform/exit-detail.ts';

const end = { code: null, signal: null, output: '', heapSizeBytes: 32n * 1024n * 1024n };
const detailType = string({ maxBytes: maxDetailBytes });

describe('the detail of an exit', () => {
  const cases = [
    [{ code: 134 }, /aborted: most often its heap of 32 MiB was full/],
    [{ code: 133 }, /aborted/],
    [{ signal: 'SIGABRT' }, /aborted/],
    [{ signal: 'SIGTRAP' }, /aborted/],
    [{ signal: 'SIGSEGV' }, /aborted/],
    [{ code: 139 }, /aborted/],
    [{ signal: 'SIGKILL' }, /^The enclave was ended by SIGKILL\.$/],
    [{ code: 0 }, /ended with its host/],
    [{ code: 3 }, /platform was gone/],
    [{ code: 4 }, /could not start/],
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
      assert.match(detail, /^The enclave ended with code 1\.\n/);
    }
  });

  test('cuts between characters', () => {
    assert.equal(cutText('aäb', 2), 'a');
    assert.equal(cutText('aäb', 3), 'aä');
    assert.equal(cutText('🙂', 3), '');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(64), (text, maxBytes) => {
        const cut = cutText(text, maxBytes);
        return Buffer.byteLength(cut) <= maxBytes && text.startsWith(cut);
      }),
    );
  });
});
