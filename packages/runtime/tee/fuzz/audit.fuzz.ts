import { BrokenRule, ChainReader } from '../src/audit/read.ts';
import { emptyChain, encodeRecord, headAfter, type ChainHead } from '../src/audit/record.ts';

function log(): Uint8Array {
  let head: ChainHead = emptyChain;
  let text = '';
  for (const event of [{ event: 'test' }, { event: 'egetkey', enclave: '1.1', count: 3 }, { event: 'end', ok: true }]) {
    const line = encodeRecord(head, new Date(0), event);
    head = headAfter(head.seq + 1, line);
    text += `${line}\n`;
  }
  return Buffer.from(text);
}

export const seeds: readonly Uint8Array[] = [log(), Buffer.from('x\n'), Buffer.from('{"seq":1}\n'), new Uint8Array()];

/** What a changed line of a log does to its reader: it is a record in its place, or breaks a rule. */
export function fuzz(data: Uint8Array): void {
  const reader = new ChainReader();
  let seq = 0;
  let from = 0;
  try {
    for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, from)) {
      const record = reader.take(data.subarray(from, at));
      from = at + 1;
      if (record === undefined) continue;
      if (seq !== 0 && record.seq !== seq + 1) throw new Error(`Record ${record.seq} was taken behind ${seq}.`);
      seq = record.seq;
    }
    reader.finish();
  } catch (error) {
    if (!(error instanceof BrokenRule)) throw error;
  }
}
