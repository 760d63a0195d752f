import { parseArgs } from 'node:util';
import { benchAtls } from './atls.ts';
import { benchAttestation } from './attestation.ts';
import { benchBulk } from './bulk.ts';
import { benchCalls } from './calls.ts';
import { writeTable } from './document.ts';
import { lineOf, type Figure } from './figures.ts';
import { benchLint } from './lint.ts';
import { benchImage } from './image.ts';
import { benchMeasure } from './measure.ts';
import { benchMemory } from './memory.ts';
import { setTheScene, type Scene } from './scene.ts';
import { benchSeal } from './seal.ts';
import { benchStart } from './start.ts';
import { benchTls } from './tls.ts';
import { benchVerify } from './verify.ts';

const benchmarks: Readonly<Record<string, (scene: Scene) => Promise<readonly Figure[]>>> = {
  start: benchStart,
  calls: benchCalls,
  memory: benchMemory,
  bulk: benchBulk,
  measure: () => benchMeasure(),
  tls: () => benchTls(),
  atls: benchAtls,
  seal: benchSeal,
  verify: benchVerify,
  lint: () => benchLint(),
  image: benchImage,
  attestation: () => benchAttestation(),
};

/** `--write` puts what was measured into docs/performance.md. */
const { values, positionals: asked } = parseArgs({
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  process.stderr.write(`No benchmark named ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}\n`);
  process.exit(2);
}
const scene = await setTheScene();
for (const [name, run] of Object.entries(benchmarks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const figures = await run(scene);
  for (const figure of figures) process.stdout.write(`${lineOf(figure)}\n`);
  if (values.write) writeTable(name, figures);
}
await scene.close();
