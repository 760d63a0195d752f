import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoteAppraiser } from '../src/index.ts';

test('endorsements of a peer that are not UTF-8 are refused, and no byte of them is replaced or dropped', async () => {
  const appraiser = quoteAppraiser({ roots: [], policy: () => assert.fail('No verdict was expected.') });
  const none = new Uint8Array();
  const appraise = (endorsements: Uint8Array): Promise<unknown> =>
    appraiser({ mode: 'cached', quote: none, reportData: none, endorsements } as Parameters<typeof appraiser>[0]);
  await assert.rejects(appraise(Buffer.from('{"tcb_info":"\xff"}', 'latin1')), {
    code: 'CODEC_INVALID',
    message: 'The text is not UTF-8.',
  });
  await assert.rejects(appraise(Buffer.from('\uFEFF{}')), /JSON/);
});
