import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress, wantsColor } from '@enclos/cli-frame';
import { errorJson, renderError, renderWarnings, toEnclosError } from '@enclos/cli-frame/failures';
import { renderTree } from '@enclos/cli-frame/output';
import { declaredErrors, EnclosError, isErrorCode } from '@enclos/errors';
import { createPrinter, exitCodeOf } from '@enclos/command-line';
import { enclos, type RunOptions } from '../cli.ts';

const escape = '\u001B';

function capture(color = false) {
  let text = '';
  const stream = { write: (more: string) => void (text += more), isTTY: color, color };
  return { stream, printer: createPrinter(stream), text: () => text };
}

test('exit codes follow from the kind of an error', () => {
  const byKind = { usage: 2, evidence: 3, policy: 4, transient: 1, refused: 1, lost: 1 };
  assert.ok(declaredErrors.size > 100);
  for (const [code, { kind }] of declaredErrors) {
    assert.equal(isErrorCode(code) && exitCodeOf(new EnclosError(code)), byKind[kind]);
  }
});

test('a warning of the build has its place, and what to use on the next line', () => {
  const { printer, text } = capture();
  const place = { file: 'node_modules/ajv/dist/core.js', line: 7, notes: [], code: 'BUILD_FORBIDDEN_IMPORT' };
  renderWarnings(
    [
      { ...place, text: 'ajv 8.20.0 uses\u001B the Function constructor', suggestion: 'standalone code' },
      { ...place, text: 'b' },
    ],
    printer,
  );
  assert.equal(
    text(),
    '⚠ node_modules/ajv/dist/core.js:7: ajv 8.20.0 uses  the Function constructor\n  use: standalone code\n⚠ node_modules/ajv/dist/core.js:7: b\n',
  );
});

test('the help of build says that it does not check types', async () => {
  assert.match((await enclos(['build', '--help'])).stdout, /does not check types/);
});

test('colours: a terminal has them, a pipe does not; NO_COLOR and FORCE_COLOR are heard', () => {
  const cases: readonly (readonly [env: RunOptions['env'] & object, isTTY: boolean, wanted: boolean])[] = [
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
    [{ TERM: 'dumb' }, true, false],
  ];
  for (const [env, isTTY, wanted] of cases) assert.equal(wantsColor(env, isTTY), wanted, JSON.stringify([env, isTTY]));
});

test('nothing colours a stream that wants none', async () => {
  for (const argv of [['help'], ['help', 'verify'], ['biuld'], ['measure', '/nope']]) {
    const plain = await enclos(argv);
    assert.ok(!`${plain.stdout}${plain.stderr}`.includes(escape));
    const coloured = await enclos(argv, { color: true });
    assert.ok(`${coloured.stdout}${coloured.stderr}`.includes(escape));
  }
});

test('an error shows its code, message, details and next step', async () => {
  const { printer, text } = capture();
  const details = { field: 'productId', expected: ['1', '2'], got: 7 };
  await renderError(new EnclosError('APPRAISAL_REFUSED', 'Not this one.', { details }), printer);
  assert.equal(
    text(),
    `✖ APPRAISAL_REFUSED: Not this one.
  field: productId
  expected: 1, 2
  got: 7
  next: Compare details.got with details.expected for the rule in details.field.
`,
  );
});

test('control characters in a message or a file reach no terminal', async () => {
  const { printer, text } = capture();
  await renderError(new EnclosError('CLI_FILE_INVALID', `a${escape}[2Jb`, { details: { path: 'x\r\ny' } }), printer);
  renderTree(`t${escape}`, [{ label: `l${escape}`, value: 'v\u009B', note: 'n\n' }], printer);
  assert.doesNotMatch(text(), /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
});

test('an error with diagnostics shows code frames, and gives them to programs', async () => {
  const diagnostics = [
    {
      code: 'X',
      text: 'bad key',
      file: 'enclave.json',
      line: 2,
      column: 3,
      length: 4,
      lineText: '  "nme": 1',
      notes: [],
    },
  ];
  const error = Object.assign(new EnclosError('BUILD_MANIFEST_INVALID'), { diagnostics });
  const { printer, text } = capture();
  await renderError(error, printer);
  assert.match(text(), /^error bad key \[X\]\n {2}enclave\.json:2:3\n {2}2 │ {3}"nme": 1\n {4}│ {3}\^\^\^\^\n/);
  assert.deepEqual(errorJson(error)['diagnostics'], diagnostics);
});

test('errors of the system, and of nobody, become errors with a code', () => {
  const system = Object.assign(new Error('EACCES: permission denied, open /x'), {
    code: 'EACCES',
    errno: -13,
    syscall: 'open',
  });
  assert.equal(toEnclosError(system).code, 'CLI_SYSTEM_REFUSED');
  assert.equal(toEnclosError(new Error('boom')).code, 'CLI_UNEXPECTED');
  assert.equal(toEnclosError('text').message, 'text');
  assert.equal(toEnclosError(new Error('')).message, 'The command failed in an unexpected way.');
});

test('ENCLOS_STACK=1 shows where an error was thrown', async () => {
  const { stderr } = await enclos(['measure', '/nope'], { env: { ENCLOS_STACK: '1' } });
  assert.match(stderr, /\n {4}at .*files\/read\.[jt]s[^]*caused by Error: ENOENT/);
});

interface Clock {
  ms: number;
}

async function progressOf(isTTY: boolean, stepsMs: readonly number[]): Promise<string> {
  let text = '';
  const clock: Clock = { ms: 0 };
  const stream = { write: (more: string) => void (text += more), isTTY, color: false };
  const progress = createProgress({
    stdout: stream,
    stderr: stream,
    stdin: (async function* () {})(),
    cwd: '/',
    env: {},
    now: () => new Date(clock.ms),
    children: 'pipe',
    onSignal: () => () => undefined,
  });
  await progress.during('measuring', (report) => {
    for (const [index, ms] of stepsMs.entries()) {
      clock.ms = ms;
      report((index + 1) / stepsMs.length);
    }
    return Promise.resolve();
  });
  return text;
}

test('work of less than a second is silent', async () => {
  assert.equal(await progressOf(true, [100, 500, 999]), '');
});

test('longer work shows per cents: rewritten on a terminal, now and then in a log', async () => {
  assert.equal(
    await progressOf(true, [500, 1000, 1050, 1200]),
    '\r\u001B[Kmeasuring 50 % …\r\u001B[Kmeasuring 100 % …\r\u001B[K',
  );
  assert.equal(await progressOf(false, [1000, 5000, 10_999, 11_000]), 'measuring 25 % …\nmeasuring 100 % …\n');
});
