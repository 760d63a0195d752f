import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { equalBytes } from '@enclos/codec';
import { floatsOf, tensorOf } from '@enclos/open-inference';
import { runOutside } from './outside.ts';
import type { Scene } from './scene.ts';
import { projectFolder } from './service.ts';

/** `#` is ink, `+` half of it, `.` paper. */
const seven = ['.+#####.', '.++++##.', '....+#+.', '..++##+.', '.+####+.', '..+#+...', '..##....', '.+#+....'];

export async function readDigit({ story, client, receipts }: Scene): Promise<void> {
  story.chapter('A drawn digit');
  for (const row of seven) story.note(`    ${row}`);
  const pixels = Float32Array.from(seven.join(''), (mark) => ['.', '+', '#'].indexOf(mark) / 2);
  const inputs = [tensorOf('input', 'FP32', pixels, [1, 1, 8, 8])];
  const answer = await client.infer({ model: 'digits', inputs });
  const [scores] = answer.outputs;
  if (scores === undefined) throw new Error('The model of digits gave no scores.');
  const values = floatsOf(scores);
  story.happened(`the enclave reads a 7`, values.indexOf(Math.max(...values)) === 7);
  const path = join(projectFolder, 'models/digits-1.onnx');
  const [outside] = await (await runOutside(path))(inputs);
  story.happened(
    'its scores are byte for byte those of ONNX Runtime outside',
    outside !== undefined && equalBytes(scores.data, outside.data),
  );
  const claims = receipts.at(-1)?.claims;
  story.say('receipt', `${claims?.model} ${claims?.modelVersion}, request ${claims?.requestId}`);
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  story.happened('the receipt names the SHA-256 of the file of this model', claims?.modelDigest === digest);
}
