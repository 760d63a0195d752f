import { parseArgs } from 'node:util';
import { benchAtls } from './connections/atls.ts';
import { benchAttestation } from './attestation.ts';
import { benchBulk } from './bulk.ts';
import { benchCalls } from './calls.ts';
import { benchCost } from './cost.ts';
import { benchEdl } from './edl.ts';
import { benchGo } from './go/go.ts';
import { writeTable } from './harness/document.ts';
import { lineOf, totalsOf, type Figure, type Totals } from './harness/figures.ts';
import { benchKv } from './ledger/kv.ts';
import { benchLedger } from './ledger/ledger.ts';
import { benchLint } from './lint.ts';
import { benchHttp } from './connections/http.ts';
import { benchHpke } from './inference/hpke.ts';
import { benchImage } from './image.ts';
import { benchInference } from './inference/inference.ts';
import { benchMeasure } from './harness/measure.ts';
import { benchMemory } from './harness/memory.ts';
import { setTheScene, type Scene } from './scene.ts';
import { benchProxy } from './connections/proxy.ts';
import { benchScript } from './script/script.ts';
import { benchSeal } from './seal.ts';
import { benchSgx } from './sgx/sgx.ts';
import { benchStart } from './start.ts';
import { benchTls } from './connections/tls.ts';
import { benchVerify } from './verify.ts';
import { benchWeb } from './connections/web.ts';

const benchmarks: Readonly<Record<string, (scene: Scene) => Promise<readonly Figure[]>>> = {
  start: benchStart,
  calls: benchCalls,
  sgx: benchSgx,
  memory: benchMemory,
  bulk: benchBulk,
  measure: () => benchMeasure(),
  tls: () => benchTls(),
  http: () => benchHttp(),
  go: benchGo,
  atls: benchAtls,
  proxy: benchProxy,
  web: () => benchWeb(),
  seal: benchSeal,
  verify: benchVerify,
  script: () => benchScript(),
  lint: () => benchLint(),
  edl: () => benchEdl(),
  image: benchImage,
  inference: () => benchInference(Number(values.requests)),
  attestation: () => benchAttestation(),
  cost: () => benchCost(),
  hpke: () => benchHpke(),
  kv: () => benchKv(),
  ledger: () => benchLedger(Number(values.megabytes)),
};

/**
 * `--write` puts what was measured into docs/performance.md. `--requests` says after how many the memory of the inference service
 * is looked at, `--megabytes` how large the ledgers are that are verified.
 */
const { values, positionals: asked } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    requests: { type: 'string', default: '10000' },
    megabytes: { type: 'string', default: '128' },
  },
  allowPositionals: true,
});
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  process.stderr.write(`No benchmark named ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}\n`);
  process.exit(2);
}
const scene = await setTheScene();
const totals: Totals[] = [];
for (const [name, run] of Object.entries(benchmarks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  totals.push(await measured(name, run));
}
await scene.close();
const sum = (of: (one: Totals) => number): number => totals.reduce((total, one) => total + of(one), 0);
for (const problem of totals.flatMap(({ problems }) => problems)) process.stderr.write(`${problem}\n`);
process.stdout.write(`${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed\n`);
process.exitCode = sum(({ failed }) => failed) === 0 ? 0 : 1;

/** Runs one benchmark and prints it. One that cannot be run fails, with a sentence that says why, and the others go on. */
async function measured(name: string, run: (scene: Scene) => Promise<readonly Figure[]>): Promise<Totals> {
  try {
    const figures = await run(scene);
    for (const figure of figures) process.stdout.write(`${lineOf(figure)}\n`);
    if (values.write) writeTable(name, figures);
    return totalsOf(figures);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { passed: 0, failed: 1, problems: [`${name} could not be measured: ${why}`] };
  }
}
