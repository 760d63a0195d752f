// Holds the Go files of the repository to what Go's own tools say: formatted, vetted, and their tests pass.
//
//   node tools/go.mjs
//
// Every file below sdk/ and every Go file of the tests must be as gofmt writes it. Each module below sdk/ and samples/ is vetted and tested. Files that
// go into packages of the standard library (sdk/overlay) are no module: building a program compiles them.
// The Go is that of Debian, by version. Without it this is skipped, visibly; in CI it fails.
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { run } from './lib/run.mjs';
import { childEnvironment, filesUnder, root } from './lib/workspace.mjs';

const bin = '/usr/lib/go-1.24/bin';
const minuteMs = 60_000;
const base = resolve(process.argv[2] ?? root);
const fromBase = (path) => relative(base, path);

const isIn = (file, folder) => file.split('/').includes(folder);
const files = ['sdk', 'tests', 'samples']
  .flatMap((part) => filesUnder(join(base, part), (file) => /\.go$|(?:^|\/)go\.mod$/.test(file)))
  .filter((file) => !['node_modules', 'dist', '.enclos'].some((folder) => isIn(fromBase(file), folder)));
const sources = files.filter((file) => file.endsWith('.go'));
const isModule = (file) => file.endsWith('go.mod') && /^(?:sdk|samples)\//.test(fromBase(file));
const modules = files.filter(isModule).map(dirname);

/** What a tool printed, if it is not content. */
async function complaint(program, args, cwd, isContent) {
  const env = childEnvironment({ GOFLAGS: '', GOTOOLCHAIN: 'local', GOPROXY: 'off', GOWORK: 'off', CGO_ENABLED: '0' });
  const { code, output } = await run(join(bin, program), args, { cwd, env, limitMs: 10 * minuteMs });
  return isContent({ code, output })
    ? []
    : [`${program} ${args.slice(0, 2).join(' ')} in ${fromBase(cwd) || '.'}:\n${output}`];
}

async function problems() {
  const succeeded = ({ code }) => code === 0;
  const found = await complaint('gofmt', ['-l', ...sources], base, ({ code, output }) => code === 0 && output === '');
  for (const folder of modules) {
    found.push(...(await complaint('go', ['vet', './...'], folder, succeeded)));
    found.push(...(await complaint('go', ['test', './...'], folder, succeeded)));
  }
  return found;
}

if (!existsSync(join(bin, 'go'))) {
  console.log(`go: skipped, needs Go 1.24 (apt-get install golang-1.24-go golang-1.24-src)`);
  if (process.env.CI) process.exitCode = 1;
} else {
  const found = await problems();
  for (const problem of found) console.log(problem);
  console.log(`go: ${sources.length} files, ${modules.length} modules, ${found.length} problems`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
