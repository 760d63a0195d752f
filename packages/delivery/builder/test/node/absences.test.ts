import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { renderDiagnostic, type Diagnostic } from '@enclos/diagnostics';

import { BuildError } from '../../src/diagnostic.ts';
import { projectFolder, withProject } from '../project-folder.ts';
import { bundleOf } from './bundled.ts';

const shared = projectFolder();
after(() => shared.remove());

async function problemsIn(main: string): Promise<readonly Diagnostic[]> {
  shared.write('src/demo.enclave.ts', main);
  try {
    await bundleOf(shared.folder);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    assert.equal(error.code, 'BUILD_FORBIDDEN_IMPORT');
    return error.diagnostics;
  }
  return [];
}

test('a global that an enclave does not have is refused where it stands, with what to use', async () => {
  const [problem, ...others] = await problemsIn(
    "// é\nexport const load = async (): Promise<string> => {\n  const answer = await fetch('https://example.org/');\n  return answer.text();\n};\n",
  );
  assert.deepEqual(others, []);
  assert.ok(problem !== undefined);
  assert.equal(
    renderDiagnostic(problem),
    [
      'error an enclave has no fetch [BUILD_FORBIDDEN_IMPORT]',
      '  src/demo.enclave.ts:3:24',
      "  3 │   const answer = await fetch('https://example.org/');",
      '    │                        ^^^^^',
      '  use: connect() of @enclos/enclave, with the destination declared in `connect` of enclave.json, or an untrusted function of the interface, which the host carries out',
    ].join('\n'),
  );
});

for (const [code, texts] of [
  ['export const x = __dirname;', ['an enclave has no __dirname']],
  ['export const x = new XMLHttpRequest();', ['an enclave has no XMLHttpRequest']],
  ["export const x = () => new Worker('x');", ['an enclave has no Worker']],
  ['export const x = () => process.exit(1);', ['an enclave has no process.exit']],
  ["export const x = () => process.stdout.write('x');", ['an enclave has no process.stdout']],
  ['export const x = () => localStorage.length + notDefinedAnywhere;', ['localStorage', 'notDefinedAnywhere']],
  ['export const x = () => globalThis.fetch();', ['an enclave has no fetch']],
  ['export const x = () => { try { return fetch(); } catch { return 1; } };', ['an enclave has no fetch']],
  ['export const x = process.env.HOME;', ['an enclave has no process environment']],
  ['declare const SECRET: string; export const x = SECRET;', ['an enclave has no SECRET']],
  ["export const x = Function.apply(null, ['']);", ['the Function constructor throws']],
  ["export const x = (0, eval)('1');", ['eval throws in an enclave']],
  ["export const x = eval('1');", ['eval throws in an enclave']],
] as const) {
  test(`is refused: ${code}`, async () => {
    const problems = await problemsIn(code);
    assert.equal(problems.length, texts.length);
    for (const [index, text] of texts.entries()) assert.ok(problems[index]?.text.includes(text), problems[index]?.text);
    assert.ok(
      problems.every(({ file, line, suggestion }) => file === 'src/demo.enclave.ts' && line === 1 && suggestion),
    );
  });
}

for (const code of [
  "export const x = typeof fetch === 'function' ? fetch('x') : undefined;",
  "export const x = () => { if (typeof Worker === 'undefined') return 1; return new Worker('x'); };",
  "export const x = () => globalThis.fetch?.('x');",
  "export const x = () => ('fetch' in globalThis ? fetch('x') : 1);",
  'export const x = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent;',
  'export const x = (fetch: () => number) => fetch();',
  'export const x: Worker | Document | undefined = undefined;',
  'interface Window { readonly a: number } export const x = (w: Window) => w.a;',
  'export const x = { fetch: 1, document: { location: 2 } }.document.location;',
  'fetch: for (;;) { break fetch; } export const x = 1;',
  'class Worker {} export const x = new Worker();',
  "export const x = process.env.NODE_ENV + process.version + process.hrtime().join('') + process.toString();",
  'export const x = process.stdout?.isTTY ?? process.exit?.(1);',
  '(globalThis as { later?: number }).later = 1; declare const later: number; export const x = () => later;',
  'export const x = [new Response(), crypto.randomUUID(), new URL("a:b"), Float16Array, global, process];',
  'export const x = (v: unknown) => v instanceof Function && typeof eval;',
]) {
  test(`is not refused: ${code}`, async () => assert.deepEqual(await problemsIn(code), []));
}

test('a question in one file excuses no use in another', async () => {
  const files = {
    'src/demo.enclave.ts': "import { has } from './has.ts'; export const x = () => (has ? fetch('x') : 1);",
    'src/has.ts': "export const has = typeof fetch === 'function';",
  };
  await withProject(files, async ({ folder }) => {
    await assert.rejects(bundleOf(folder), (error) => error instanceof BuildError && error.diagnostics.length === 1);
  });
});

const packages = {
  'src/demo.enclave.ts': "import { a } from 'outer'; import { b } from 'ajv'; export const x = [a, b];",
  'node_modules/outer/package.json': '{"name":"outer","version":"1.2.3","type":"module","main":"index.js"}',
  'node_modules/outer/index.js': [
    "export { late } from './late.js';",
    "export const a = () => [fetch('x'), document.title, localStorage.length, new Worker('x'), new WebSocket('x')];",
    'export const b = () => { try { return navigator.gpu; } catch { return process.env.HOME; } };',
    "export const root = typeof globalThis === 'object' ? globalThis : window;",
    "export const found = globalThis || Function('return this')();",
    'export const unused = () => indexedDB;',
  ].join('\n'),
  'node_modules/outer/late.js': "export const late = () => fetch('y');",
  'node_modules/ajv/package.json': '{"name":"ajv","version":"9.9.9","main":"index.js"}',
  'node_modules/ajv/index.js':
    'exports.b = (text) => { try { return new Function(text); } catch (error) { throw error; } };',
};

test('what a package uses is one warning with the first place, and what it is prepared for is none', async () => {
  await withProject(packages, async ({ folder }) => {
    const { warnings } = await bundleOf(folder);
    assert.deepEqual(
      warnings.map(({ text, file, line, severity }) => [text, file, line, severity]),
      [
        [
          'ajv 9.9.9 uses the Function constructor, which an enclave does not have: code that needs it throws',
          'node_modules/ajv/index.js',
          1,
          'warning',
        ],
        [
          'outer 1.2.3 uses fetch, document, localStorage and 2 more, which an enclave does not have: code that needs it throws',
          'node_modules/outer/index.js',
          2,
          'warning',
        ],
      ].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
    const suggestionFor = (name: string): string | undefined =>
      warnings.find(({ text }) => text.startsWith(name))?.suggestion;
    assert.match(suggestionFor('ajv') ?? '', /standalone validation code/);
    assert.equal(
      suggestionFor('outer'),
      'only the parts of outer that work without it; a test (enclos test) runs your code inside and shows which',
    );
  });
});

test('a package stays a package, whatever names its source map has', async () => {
  const map = { version: 3, sources: ['webpack:///src/a.ts'], names: [], mappings: 'AAAA;AACA' };
  const inline = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  const files = {
    'src/demo.enclave.ts': "import { a } from 'outer'; export const x = a;",
    'node_modules/outer/package.json': '{"name":"outer","version":"1.2.3","type":"module","main":"index.js"}',
    'node_modules/outer/index.js': `const first = 1;\nexport const a = () => [first, fetch('x')];\n${inline}`,
  };
  await withProject(files, async ({ folder }) => {
    const { warnings } = await bundleOf(folder);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.text ?? '', /uses fetch/);
  });
});
