// Tries npm packages inside real enclaves of the software platform, one enclave for each use, and compares with what is recorded.
//
//   node tools/packages-inside.mjs [--only NAME] [--write] [--latest]
//
// tools/packages-inside/uses.mjs has the uses; versions.lock.json the exact versions, which npm installs into a
// temporary folder, without scripts; results.json what came of it, from which `node tools/docs.mjs --write` makes
// docs/reference/packages-inside.md. `--latest` takes the newest versions instead; `--write` records.
// It needs the registry of packages: where that cannot be reached, nothing is tried, and with CI set that is a failure.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { pool, run, seconds, totalsLine } from './lib/run.mjs';
import { childEnvironment, importBuilt, readJson, root } from './lib/workspace.mjs';
import { uses } from './packages-inside/uses.mjs';

const records = join(root, 'tools/packages-inside');
const lockPath = join(records, 'versions.lock.json');
const resultsPath = join(records, 'results.json');
const limitMs = 60_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    latest: { type: 'boolean', default: false },
  },
});
const [{ buildEnclave, loadProject, signEnclave }, { startPlatform }, { loadEnclave }, edl] = await Promise.all(
  ['packages/delivery/builder', 'packages/runtime/software-sgx', 'packages/runtime/host', 'packages/model/edl'].map(
    (folder) => importBuilt(`${folder}/dist/src/index.js`),
  ),
);

const demo = edl.defineInterface({
  name: 'demo',
  trusted: { use: edl.func({}, edl.string({ maxBytes: 4096 })) },
  untrusted: {},
});
const interfaceText = `import { defineInterface, func, string } from '@enclos/edl';
export const demo = defineInterface({ name: 'demo', trusted: { use: func({}, string({ maxBytes: 4096 })) }, untrusted: {} });`;
const enclaveText = `import { defineEnclave } from '@enclos/enclave';
import { demo } from './demo.edl.ts';
import { use } from './use.mjs';
export const application = defineEnclave(demo, {
  async use() {
    try {
      return JSON.stringify({ answer: await use() });
    } catch (error) {
      return JSON.stringify({ failure: error.name + ': ' + error.message });
    }
  },
});`;
const key = readFileSync(join(root, 'tests/kit/fixtures/first-signing.test-only.pem'), 'utf8');

// What runs them is the interpreter of enclaves, so the engines that they ask for are not those of the npm that installs them.
// Flags, because a check that npm runs inherits the settings of this repository, which are stricter.
const settings = ['--engine-strict=false', '--loglevel=error'];
const npm = (words, folder) =>
  run('npm', [...words, ...settings], { cwd: folder, env: childEnvironment(), limitMs: 5 * limitMs });

/** Installs the recorded versions, or the newest; undefined when the registry cannot be reached. */
async function install(folder) {
  const names = [...new Set(uses.map(({ name }) => name))];
  const manifest = { name: 'packages-inside', private: true };
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--omit-lockfile-registry-resolved'];
  if (values.latest) {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    return npm(['install', '--save-exact', ...flags, ...names.map((name) => `${name}@latest`)], folder);
  }
  const lock = readJson(lockPath);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ ...manifest, dependencies: lock.packages[''].dependencies }),
  );
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  // Not `npm ci`, which misses optional packages of other machines in a lock file that npm itself has written.
  return npm(['install', ...flags], folder);
}

function projectOf({ code }, folder) {
  mkdirSync(join(folder, 'src'), { recursive: true });
  const manifest = { name: 'demo', productId: 1, securityVersion: 1, heapSize: '128MB' };
  const files = { 'demo.edl.ts': interfaceText, 'demo.enclave.ts': enclaveText, 'use.mjs': code };
  writeFileSync(join(folder, 'enclave.json'), JSON.stringify(manifest));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'src', name), text);
  return loadProject(folder);
}

async function answerOf(built, launcher) {
  const signature = signEnclave({ image: built.image, key, date: new Date('2026-06-01') });
  const program = { launcher, image: built.image, signature, interface: demo, isolation: 'best', untrusted: {} };
  const enclave = await loadEnclave({ ...program, startTimeoutMs: limitMs });
  try {
    return JSON.parse(await enclave.call.use({ timeoutMs: limitMs }));
  } finally {
    await enclave.dispose();
  }
}

/** What came of one use, as it is recorded. */
async function tryUse(use, { folder, launcher }) {
  const { name, part, answer: expected } = use;
  const { version } = readJson(join(folder, 'node_modules', name, 'package.json'));
  const record = { name, ...(part === undefined ? {} : { part }), version };
  try {
    const built = await buildEnclave(await projectOf(use, join(folder, 'projects', String(uses.indexOf(use)))));
    const { answer, failure } = await answerOf(built, launcher);
    const outcome =
      failure ?? (isDeepStrictEqual(answer, expected) ? undefined : `It answers ${JSON.stringify(answer)}.`);
    const absent = built.warnings.map(({ text }) => text).filter((text) => text.includes('an enclave does not have'));
    return {
      ...record,
      works: outcome === undefined,
      ...(outcome === undefined ? {} : { failure: outcome }),
      ...(built.report.browserPackages === undefined ? {} : { browserPackages: built.report.browserPackages }),
      ...(absent.length === 0 ? {} : { warnings: absent }),
    };
  } catch (error) {
    return { ...record, works: false, failure: `${error.code ?? error.name}: ${error.message}` };
  }
}

async function tryAll(folder) {
  symlinkSync(join(root, 'node_modules/@enclos'), join(folder, 'node_modules/@enclos'));
  const launcher = await startPlatform({ stateFolder: join(folder, 'state') });
  try {
    const chosen = uses.filter(({ name }) => values.only === undefined || name === values.only);
    return await pool(
      chosen.map((use) => () => tryUse(use, { folder, launcher })),
      2,
    );
  } finally {
    await launcher.close();
  }
}

function report(results) {
  const recorded = values.write ? results : readJson(resultsPath);
  const totals = { passed: 0, failed: 0 };
  for (const result of results) {
    const { name, part, version, works, failure = '' } = result;
    const before = recorded.find((other) => other.name === name && other.part === part);
    const isSame = isDeepStrictEqual(before, result);
    totals[isSame ? 'passed' : 'failed'] += 1;
    const what = `${name} ${version}${part === undefined ? '' : `, ${part}`}`;
    console.log(`${isSame ? 'ok  ' : 'FAIL'} ${what}: ${works ? 'works' : `does not work: ${failure}`}`);
    if (!isSame) console.log(`  recorded: ${JSON.stringify(before)}\n  now:      ${JSON.stringify(result)}`);
  }
  return totals;
}

const started = performance.now();
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'enclos-packages-')));
try {
  const { code, output } = await install(folder);
  if (code === 0) {
    const results = await tryAll(folder);
    const totals = report(results);
    if (values.write && values.only === undefined) {
      writeFileSync(resultsPath, `${JSON.stringify(results, null, 2)}\n`);
      if (values.latest) cpSync(join(folder, 'package-lock.json'), lockPath);
    }
    console.log(`${results.length} uses in ${seconds((performance.now() - started) / 1000)}`);
    console.log(totalsLine(totals));
    process.exitCode = totals.failed > 0 ? 1 : 0;
  } else {
    console.log(`npm could not install the packages:\n${output.trimEnd().split('\n').slice(-5).join('\n')}`);
    const isProvided = Boolean(process.env.CI);
    console.log(totalsLine({ passed: 0, failed: isProvided ? 1 : 0, skipped: isProvided ? 0 : 1 }));
    process.exitCode = isProvided ? 1 : 0;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
