import { benchBulk } from './bulk.ts';
import { benchCalls } from './calls.ts';
import { benchMeasure } from './measure.ts';
import { setTheScene, type Scene } from './scene.ts';
import { benchSeal } from './seal.ts';
import { benchStart } from './start.ts';
import { benchTls } from './tls.ts';
import { benchVerify } from './verify.ts';

const benchmarks: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  start: benchStart,
  calls: benchCalls,
  bulk: benchBulk,
  measure: () => benchMeasure(),
  tls: benchTls,
  seal: benchSeal,
  verify: benchVerify,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  process.stderr.write(`No benchmark named ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}\n`);
  process.exit(2);
}
const scene = await setTheScene();
for (const [name, run] of Object.entries(benchmarks)) if (asked.length === 0 || asked.includes(name)) await run(scene);
await scene.close();
