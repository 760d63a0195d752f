import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { enclaveGlobals } from '@enclos/manifest';
import { repository } from '@enclos/process-kit/processes/programs';

const modules = join(repository, 'node_modules');
const compiler = join(modules, 'typescript/bin/tsc');
const folder = mkdtempSync(join(tmpdir(), 'enclos-globals-'));
after(() => rmSync(folder, { recursive: true, force: true }));
symlinkSync(modules, join(folder, 'node_modules'));

/** What the compiler says about an enclave file, a problem a line. */
function problemsIn(lines: readonly string[], types = ['@enclos/enclave/globals', 'node']): readonly string[] {
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'nodenext',
    types,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    exactOptionalPropertyTypes: true,
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'a.ts'), `export {};\n${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['a.ts'] }));
  const { stdout, stderr } = spawnSync(process.execPath, [compiler, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return stdout.split('\n').filter((line) => line !== '');
}

for (const types of [
  ['@enclos/enclave/globals', 'node'],
  ['node', '@enclos/enclave/globals'],
]) {
  test(`fetch is an error that says what to use, with types ${types.join(', ')}`, () => {
    assert.deepEqual(problemsIn(["await fetch('https://example.org/');"], types), [
      'a.ts(2,7): error TS2349: This expression is not callable.',
      '  Type \'AbsentInsideEnclaves<"connect() of @enclos/enclave, or an untrusted function of the interface">\' has no call signatures.',
    ]);
  });
}

test('every global of Node that is absent inside cannot be used, and every other can', () => {
  // Of the Node that runs the tests and of its CommonJS modules: an enclave file is compiled against any of them.
  const known = [...Object.getOwnPropertyNames(globalThis), 'require', 'module', 'exports', '__dirname', '__filename'];
  const inside = new Set(enclaveGlobals);
  const absent = known.filter((name) => /^[A-Za-z_]\w*$/.test(name) && !inside.has(name));
  const problems = problemsIn(absent.map((name) => `${name}();`));
  for (const [index, name] of absent.entries()) {
    const found = problems.find((line) => line.startsWith(`a.ts(${index + 2},`)) ?? '';
    assert.match(found, /TS2349: This expression is not callable|TS2304: Cannot find name/, name);
  }
  // Newer than the library of the language that the templates name, and what @types/node leaves to the library of browsers.
  const later = new Set(
    'Float16Array Iterator SuppressedError DisposableStack AsyncDisposableStack Crypto CryptoKey SubtleCrypto WebAssembly'.split(
      ' ',
    ),
  );
  const present = enclaveGlobals.filter((name) => !later.has(name) && name !== 'eval' && name !== 'undefined');
  assert.deepEqual(problemsIn(present.map((name) => `void ${name};`)), []);
});

test('modules and globals that an enclave has keep their types', () => {
  const lines = [
    "import { createHash } from 'node:crypto';",
    "const text: string = createHash('sha256').update(Buffer.from('a')).digest('hex');",
    "const url: URL = new URL('a:b');",
    "export const all: readonly unknown[] = [text, url, crypto.randomUUID(), new Response('a'), setTimeout(() => 1, 1)];",
    'const wrong: number = text;',
  ];
  assert.deepEqual(problemsIn(lines), ["a.ts(6,7): error TS2322: Type 'string' is not assignable to type 'number'."]);
});

const templates = join(repository, 'packages/cli/templates');

const inTypeScript = readdirSync(templates).filter((name) => existsSync(join(templates, name, 'package.json')));
for (const name of inTypeScript) {
  test(`the template ${name} has its own settings for enclave files, by which fetch is an error`, () => {
    const project = join(folder, name);
    cpSync(join(templates, name), project, { recursive: true });
    for (const file of ['tsconfig.json', 'tsconfig.enclave.json']) cpSync(join(templates, file), join(project, file));
    const compile = (): string => {
      const words = [compiler, '-p', 'tsconfig.enclave.json', '--pretty', 'false'];
      return spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' }).stdout;
    };
    assert.equal(compile(), '');
    appendFileSync(
      join(project, 'src/greeter-app.enclave.ts'),
      "\nexport const late = () => fetch('https://example.org/');\n",
    );
    assert.match(compile(), /AbsentInsideEnclaves<"connect\(\) of @enclos\/enclave/);
  });
}
