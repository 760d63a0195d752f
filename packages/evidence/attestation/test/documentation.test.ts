import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verificationSteps } from '../src/index.ts';
import { sgxRules, tdxRules } from '../src/policy/policy-rules.ts';
import { snpRules } from '../src/policy/snp-policy.ts';
import { checkEnclave } from './readme-example.ts';

const page = readFileSync(new URL('../../docs/verification.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const example = readFileSync(new URL('../../test/readme-example.ts', import.meta.url), 'utf8');
const sections = page.split(/^## /m).slice(1);

test('docs/verification.md has one section for each step, in order, with its title', () => {
  const headings = sections.map((section) => section.slice(0, section.indexOf('\n')));
  const expected = verificationSteps.map(({ id, title }, index) => `${index + 1}. ${title} (\`${id}\`)`);
  assert.deepEqual(headings, expected);
});

test('each section says what is checked and names its source and its refusals', () => {
  for (const section of sections) {
    assert.match(section, /\nSource: .+/, section);
    assert.match(section, /\nRefusals: .+/, section);
    const [, paragraph = ''] = section.split('\n\n');
    assert.ok(paragraph.length > 60, section);
  }
});

test('every refusal status of the page and of the source is on the other side too', () => {
  const source = readFileSync(new URL('../../src/refusal/refusal.ts', import.meta.url), 'utf8');
  const declared = new Set([...source.matchAll(/^ {2}\| '([A-Z_0-9]+)'/gm)].map(([, status]) => status));
  const described = new Set([...page.matchAll(/`([A-Z]+_[A-Z_0-9]+)`/g)].map(([, status]) => status));
  assert.deepEqual(described, declared);
});

test('the example in README.md is the one that compiles', () => {
  assert.equal(typeof checkEnclave, 'function');
  const [, code] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  assert.equal(code, example.replaceAll("'../src/index.ts'", "'@enclos/attestation'"));
});

test('docs/policy.md has every rule in its tables, and no other', () => {
  const policies = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
  const cells = [...policies.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) => cell.match(/\w+/g) ?? []);
  const rules = new Set([sgxRules, tdxRules, snpRules].flatMap(Object.keys));
  assert.deepEqual([...new Set(cells)].sort(), [...rules].filter((name) => name !== '$schema').sort());
});
