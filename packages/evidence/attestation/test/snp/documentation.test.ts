import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { azureVerificationSteps, snpVerificationSteps } from '../../src/index.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/sev-snp.md');
const sections = page.split(/^## /m).slice(1);

test('docs/sev-snp.md has one section for each step, in order, with its title', () => {
  const headings = sections.map((section) => section.slice(0, section.indexOf('\n')));
  const expected = [snpVerificationSteps, azureVerificationSteps].flatMap((steps) =>
    steps.map(({ id, title }, index) => `${index + 1}. ${title} (\`${id}\`)`),
  );
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
  const source = read('src/snp/refusal.ts') + read('src/vtpm/refusal.ts');
  const declared = new Set([...source.matchAll(/^ {2}\| '([A-Z_0-9]+)'/gm)].map(([, status]) => status));
  const described = new Set([...page.matchAll(/`((?:SNP|VTPM)_[A-Z_0-9]+)`/g)].map(([, status]) => status));
  assert.ok(declared.size > 25);
  assert.deepEqual(described, declared);
});
