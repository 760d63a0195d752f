import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings, type Rule } from '../src/index.ts';

const source = { path: 'a.edl', text: 'one\ntwo\nthree\n' };
const at = (start: number) => ({ source, start, end: start + 3 });
const ofBoth: Rule = { code: 'edl-x', dialects: ['oe', 'intel'], text: (name) => `Not "${name}".`, oe: () => 'no x' };
const ofOe: Rule = { code: 'edl-y', dialects: ['oe'], text: () => 'Not y.', oe: (name) => `bad ${name}` };
const ofIntel: Rule = { code: 'edl-z', dialects: ['intel'], text: () => 'Not z.', hint: () => 'write y' };
const warning: Rule = { code: 'edl-w', dialects: ['oe'], severity: 'warning', family: 'w', text: () => 'Perhaps.' };

test('what both compilers refuse is an error, with the texts that are known', () => {
  const findings = new Findings({ dialect: 'both' });
  findings.report(ofBoth, at(4), ['two']);
  findings.report(ofBoth, at(4), ['two']);
  assert.equal(findings.hasErrors, true);
  assert.deepEqual(findings.diagnostics(), [
    {
      severity: 'error',
      code: 'edl-x',
      text: 'Not "two".',
      file: 'a.edl',
      line: 2,
      column: 1,
      length: 3,
      lineText: 'two',
      notes: ['oeedger8r: no x'],
    },
  ]);
});

test('in one dialect the rules of the other do not count', () => {
  const findings = new Findings({ dialect: 'oe' });
  findings.report(ofIntel, at(0));
  findings.report(ofOe, at(4), ['two']);
  assert.deepEqual(
    findings.diagnostics().map(({ code, notes }) => ({ code, notes })),
    [{ code: 'edl-y', notes: ['oeedger8r: bad two'] }],
  );
});

test('in both dialects, what one compiler refuses is shown on request', () => {
  const silent = new Findings({ dialect: 'both' });
  silent.report(ofIntel, at(0));
  assert.equal(silent.hasErrors, false);
  assert.deepEqual(silent.diagnostics(), []);
  const told = new Findings({
    dialect: 'both',
    judge: (family) => (family === 'dialect-difference' ? 'warning' : 'off'),
  });
  told.report(ofIntel, at(0));
  told.report(warning, at(4));
  const [only, ...others] = told.diagnostics();
  assert.deepEqual(others, []);
  assert.equal(only?.severity, 'warning');
  assert.equal(only.suggestion, 'write y');
  assert.deepEqual(only.notes, ["Intel's sgx_edger8r refuses this."]);
});

test('a file that each compiler refuses at another place is refused, and both places are named', () => {
  const findings = new Findings({ dialect: 'both' });
  findings.report(ofIntel, at(0));
  findings.report(ofIntel, at(8));
  findings.report(ofOe, at(4), ['two']);
  assert.equal(findings.hasErrors, true);
  const [only, ...others] = findings.diagnostics();
  assert.deepEqual(others, []);
  assert.equal(only?.code, 'edl-mixed-dialects');
  assert.equal(only.line, 2);
  assert.deepEqual(only.notes, ['oeedger8r: bad two', 'a.edl:1:1: Not z.', "Intel's sgx_edger8r refuses this."]);
});

test('findings are bounded, and so are the words and lines in them', () => {
  const long = { path: 'b.edl', text: 'x'.repeat(20_000) };
  const findings = new Findings({ dialect: 'both', most: 3 });
  for (let start = 0; start < 10; start++) {
    findings.report(ofBoth, { source: long, start, end: start + 1 }, [long.text]);
  }
  assert.equal(findings.isFull, true);
  const found = findings.diagnostics();
  assert.equal(found.length, 3);
  assert.ok(JSON.stringify(found).length < 2000);
});

test('a place in an empty text is the file', () => {
  const findings = new Findings({ dialect: 'both' });
  findings.report(ofBoth, { source: { path: 'c.edl', text: '' }, start: 0, end: 0 }, ['c']);
  assert.deepEqual(findings.diagnostics(), [
    { severity: 'error', code: 'edl-x', text: 'Not "c".', file: 'c.edl', notes: ['oeedger8r: no x'] },
  ]);
});

test('many warnings do not hide one that counts as an error', () => {
  const long = { path: 'a.edl', text: 'x'.repeat(5000) };
  const findings = new Findings({ dialect: 'oe', judge: (family) => (family === 'w' ? 'warning' : 'error') });
  for (let start = 0; start < 5000; start++) findings.report(warning, { source: long, start, end: start + 1 });
  assert.equal(findings.hasErrors, false);
  findings.report({ ...warning, code: 'edl-v', family: 'v' }, { source: long, start: 0, end: 1 });
  assert.equal(findings.hasErrors, true);
  const [first] = findings.diagnostics();
  assert.equal(first?.severity, 'error');
});
