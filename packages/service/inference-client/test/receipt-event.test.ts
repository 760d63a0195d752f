import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { ReceiptEvents } from '../src/receipt-event.ts';

const events = 'data: one\n\n: comment\n\n\n\nevent: other\ndata: zwei ü\n\n';
const receipt = 'event: enclos-receipt\ndata: aB-_.9\n\n';

function read(text: string, step: number): { readonly given: string; readonly receipt: string | undefined } {
  const bytes = utf8(text);
  const reader = new ReceiptEvents();
  const given: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += step) given.push(...reader.push(bytes.subarray(at, at + step)));
  given.push(reader.end());
  return { given: Buffer.concat(given).toString('utf8'), receipt: reader.receipt };
}

test('a receipt is taken out of events, however they are cut', () => {
  for (let step = 1; step < events.length + receipt.length; step++) {
    assert.deepEqual(read(events + receipt, step), { given: events, receipt: 'aB-_.9' }, String(step));
    assert.deepEqual(read(events, step), { given: events, receipt: undefined }, String(step));
    assert.deepEqual(read(`${events}data: cut`, step), { given: `${events}data: cut`, receipt: undefined });
  }
});

test('what follows a receipt, another form of it and an event without end are refused', () => {
  const wrong = [
    `${receipt}data: more\n\n`,
    `${receipt}more`,
    receipt + receipt,
    'event: enclos-receipt\n\n',
    'event: enclos-receipt\ndata: not a receipt\n\n',
    'event: enclos-receipt\ndata: a\ndata: b\n\n',
    `data: ${'a'.repeat(1_048_577)}`,
  ];
  for (const text of wrong) assert.throws(() => read(text, 4096), { code: 'INFERENCE_ANSWER_REFUSED' });
});
