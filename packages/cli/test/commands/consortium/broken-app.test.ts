import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { quickJsTest } from '@enclos/testkit';
import { enclos, temporaryFolder } from '../../cli.ts';
import { ask, endSandbox, startSandbox } from './sandbox.ts';

const get = { js_module: 'app.js', js_function: 'get', authn_policies: ['no_auth'], forwarding_required: 'never' };
const appJson = JSON.stringify({ endpoints: { '/x': { get: { ...get, mode: 'readonly' } } } });
const answer = (text: string): string =>
  `const text: string = '${text}';\n\nexport const get = (): object => ({ body: text });\n`;
/** With the map that a compiler writes beside it: line 2 is line 9 of the source. */
const compiled = `export const get = () => ({});\nthrow new Error('at load');\n//# sourceMappingURL=app.js.map\n`;
const map = JSON.stringify({ version: 3, sources: ['../ts/app.ts'], names: [], mappings: 'AAAA;AAQA' });

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries({ 'app.json': appJson, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const broken: readonly (readonly [what: string, files: Readonly<Record<string, string>>, said: RegExp])[] = [
  ['a syntax error', { 'src/app.ts': `${answer('x')}\nexport const y: = 1;` }, /does not build:\n\s+app\.ts:5:\d+: /],
  [
    'an import of what is not exported',
    { 'src/app.ts': `import { none } from './other.ts';\n${answer('x')}none();`, 'src/other.ts': 'export {};' },
    /does not build:\n\s+app\.ts:1:\d+: .*"none"/,
  ],
  [
    'an import of what is not exported, in JavaScript',
    {
      'src/app.js': `export const get = () => ({});\nimport { none } from './other.js';\nnone();`,
      'src/other.js': 'export const some = 1;',
    },
    /SCRIPT_INVALID: \/app\.js:2:\d+: .*none/,
  ],
  [
    'a function that is not exported',
    { 'src/app.ts': answer('x').replace('get', 'gett') },
    /APP_INVALID: .*\n\s+GET \/x: app\.js exports no function "get"\. Its functions: gett\./,
  ],
  [
    'an exception while the module loads',
    {
      'src/app.ts': `import { fails } from './other.ts';\n${answer('x')}fails();`,
      'src/other.ts': '\nexport function fails(): void {\n  throw new TypeError("no");\n}\n',
    },
    /APP_INVALID: .*\n\s+\/?src\/other\.ts:3:\d+: TypeError: no\n\s+at fails \(\/?src\/other\.ts:3:\d+\)\n\s+at .*src\/app\.ts:5:\d+/,
  ],
  [
    'an exception in what a compiler made, at its source',
    { 'src/app.js': compiled, 'src/app.js.map': map },
    /\n\s+\.\.\/ts\/app\.ts:9:\d+: Error: at load/,
  ],
];

async function refuses(engine: string): Promise<void> {
  for (const [what, files, said] of broken) {
    const folder = write(temporaryFolder(), files);
    const { code, stderr } = await enclos(['consortium', 'dev', folder, '--listen', '127.0.0.1:0', '--engine', engine]);
    assert.notEqual(code, 0, what);
    assert.match(stderr, said, what);
  }
}

async function keepsTheVersionBefore(engine: string): Promise<void> {
  const folder = write(temporaryFolder(), { 'src/app.ts': answer('first') });
  const { cli, url } = await startSandbox(folder, '--engine', engine);
  write(folder, { 'src/app.ts': `${answer('second')}throw new Error(text);\n` });
  await cli.until(
    /✖ The application does not load:\n\s+\/?src\/app\.ts:4:\d+: Error: second\n(?:\s+at .*\n)+\s+The version before still runs\./,
  );
  assert.equal((await ask(url, folder, '/app/x')).text, 'first');
  write(folder, { 'src/app.ts': answer('third') });
  await cli.until(/Loaded[\s\S]*Loaded/);
  assert.equal((await ask(url, folder, '/app/x')).text, 'third');
  await endSandbox(cli);
}

/** One in a folder that is not there, and one beside: neither was ever read, so that no name of theirs is watched. */
async function takesLateFiles(): Promise<void> {
  const folder = write(temporaryFolder(), { 'src/app.ts': answer('first') });
  const { cli, url } = await startSandbox(folder);
  const importing = (name: string): string => `export { get } from './${name}';\n`;
  let loads = 1;
  for (const name of ['late', 'deep/late']) {
    write(folder, { 'src/app.ts': importing(name) });
    await cli.until(new RegExp(`Could not resolve "\\./${name}"`));
    // What the sandbox says may go there, so that it is no change.
    writeFileSync(join(folder, 'sandbox.log'), name);
    await setTimeout(150);
    const file = join(folder, `src/${name}.ts`);
    mkdirSync(dirname(file), { recursive: true });
    // This file alone: app.json is watched anyway.
    writeFileSync(file, answer(name));
    loads += 1;
    await cli.until(new RegExp(`(?:Loaded[\\s\\S]*){${loads}}`));
    assert.equal((await ask(url, folder, '/app/x')).text, name);
  }
  assert.doesNotMatch(cli.text(), /"\.\/late"[\s\S]*"\.\/late"/);
  await endSandbox(cli);
}

describe('an application that does not load', () => {
  test('is refused at the start of the sandbox, with file and line (v8)', () => refuses('v8'));
  quickJsTest('is refused at the start of the sandbox, with file and line (quickjs)', () => refuses('quickjs'));
  test('is refused with the line where its app.json is not JSON', async () => {
    const folder = write(temporaryFolder(), { 'src/app.ts': answer('x') });
    for (const [text, said] of [
      [
        appJson.replace('"get"', '\n  get'),
        /app\.json is not JSON:\n\s+app\.json:2:3: Expected a key in double quotes/,
      ],
      [Buffer.from([0x7b, 0xff]), /app\.json is not JSON\. .*UTF-8/],
    ] as const) {
      writeFileSync(join(folder, 'app.json'), text);
      const { code, stderr } = await enclos(['consortium', 'dev', folder, '--listen', '127.0.0.1:0']);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });
  test('is refused where one of its files is given', async () => {
    const folder = write(temporaryFolder(), { 'src/app.ts': answer('x') });
    for (const [file, said] of [
      ['app.json', /app\.json is one file of an application: give its folder/],
      ['src/app.ts', /app\.ts is not an application: give the folder of its app\.json, or a bundle\.json/],
    ] as const) {
      const { code, stderr } = await enclos(['consortium', 'dev', join(folder, file), '--listen', '127.0.0.1:0']);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });
  test('is loaded when a file that it lacked is there', takesLateFiles);
  test('leaves the version before in its place (v8)', () => keepsTheVersionBefore('v8'));
  quickJsTest('leaves the version before in its place (quickjs)', () => keepsTheVersionBefore('quickjs'));
});
