// Writes one row after the other into the store of the folder it is given, and says so on standard output when each was taken.
import { writeSync } from 'node:fs';
import { openFileStore } from '../../src/stores/index.ts';

const store = await openFileStore(process.argv[2] ?? '', { service: 'test' });
let row = await store.read('row');
const first = Number(Buffer.from(row?.bytes.subarray(0, 8) ?? new Uint8Array()).toString() || '0');
for (let number = first + 1; ; number++) {
  const bytes = Buffer.alloc(20_000, number % 251);
  bytes.write(String(number).padStart(8, '0'));
  if (!(await store.write('row', row?.version ?? 0n, new Uint8Array(bytes)))) throw new Error('The row changed.');
  row = await store.read('row');
  if (number % 3 === 0 && row !== undefined) {
    const side = await store.read('side');
    if (side === undefined) await store.write('side', 0n, new Uint8Array(bytes));
    else await store.remove('side', side.version);
  }
  // At once, and whole: a process that is killed has said what it did.
  writeSync(1, `${number}\n`);
}
