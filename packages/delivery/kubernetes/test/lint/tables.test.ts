import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { lintManifests, lintRules, type ImageLabels, type LintOptions } from '../../src/lint/index.ts';
import { parseTaint } from '../../src/lint/node-selection.ts';

const data = join(fileURLToPath(new URL('.', import.meta.url)), '../../../test/data');

/** What stands in the comments at the top of a file: the day, taints, and labels of images. */
function optionsOf(text: string): LintOptions {
  const words = new Map(
    [...text.matchAll(/^# (now|taint|images): (.+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const taint = parseTaint(words.get('taint') ?? '');
  return {
    now: new Date(words.get('now') ?? '2026-11-26'),
    images: JSON.parse(words.get('images') ?? '{}') as ImageLabels,
    ...(taint === undefined ? {} : { taints: [taint] }),
  };
}

/** `12 CODE` for each `# ! CODE`. */
function expectedOf(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      (/# ! (.+)$/.exec(line)?.[1] ?? '').split(' ').flatMap((code) => (code === '' ? [] : [`${index + 1} ${code}`])),
    )
    .sort();
}

const read = (folder: string): readonly (readonly [string, string])[] =>
  readdirSync(join(data, folder)).map((name) => [name, readFileSync(join(data, folder, name), 'utf8')] as const);

describe('the table of bad manifests', () => {
  const bad = read('bad');

  for (const [name, text] of bad) {
    it(`finds what is wrong in ${name}, and nothing else`, () => {
      const { findings } = lintManifests([{ name, text }], optionsOf(text));
      assert.deepEqual(findings.map(({ line, code }) => `${line} ${code}`).sort(), expectedOf(text));
      for (const { file, column, lineText, suggestion } of findings) {
        assert.equal(file, name);
        assert.ok(column >= 1 && column <= (lineText ?? '').length + 1);
        assert.notEqual(suggestion, '');
      }
    });
  }

  it('has every rule', () => {
    const found = new Set(bad.flatMap(([, text]) => expectedOf(text).map((line) => line.split(' ')[1])));
    assert.deepEqual(
      Object.keys(lintRules).filter((code) => !found.has(code)),
      [],
    );
  });
});

describe('the table of good manifests', () => {
  for (const [name, text] of read('good')) {
    it(`finds nothing in ${name}`, () => {
      const { findings } = lintManifests([{ name, text }], optionsOf(text));
      assert.deepEqual(
        findings.map(({ line, code, text: words }) => `${line} ${code}: ${words}`),
        [],
      );
    });
  }
});
