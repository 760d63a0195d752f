// Replaces one file and adds others for as long as it lives: `node replace.program.js FOLDER`.
import { join } from 'node:path';
import { durable } from '../src/index.ts';

const [, , folder = ''] = process.argv;
const lengths = [100_000, 3, 70_000];
process.stdout.write('ready\n');
for (let turn = 0; ; turn++) {
  const letter = String.fromCharCode(97 + (turn % 26));
  await durable.replace(join(folder, 'replaced'), letter.repeat(lengths[turn % lengths.length] ?? 1));
  await durable.add(join(folder, `added-${process.pid}-${turn}`), letter.repeat(5000));
}
