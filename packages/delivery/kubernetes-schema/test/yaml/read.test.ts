import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { YamlNode } from '../../src/yaml/node.ts';
import { readYaml, yamlLimits } from '../../src/yaml/read.ts';
import { resolvePlain } from '../../src/yaml/scalar.ts';
import { yamlOf } from '../../src/yaml/write.ts';

function valueOf(node: YamlNode | undefined): unknown {
  if (node === undefined) return undefined;
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(valueOf);
  return Object.fromEntries([...node.fields].map(([name, { value }]) => [name, valueOf(value)]));
}

const read = (text: string) => [...readYaml(text)];
const problemsOf = (text: string): readonly string[] =>
  read(text).flatMap(({ problems }) => problems.map((problem) => problem.text));

describe('plain scalars', () => {
  // What kubectl 1.32 made of each: `kubectl label --local -f - -o json x=y` on a ConfigMap.
  const known: readonly (readonly [string, unknown])[] = [
    ['y', true],
    ['yes', true],
    ['on', true],
    ['N', false],
    ['off', false],
    ['0644', 420],
    ['0o17', 15],
    ['1_000', 1000],
    ['1:30', '1:30'],
    ['2001-01-01', '2001-01-01'],
    ['1e3', 1000],
    ['.5', 0.5],
    ['0x1F', 31],
    ['-0b11', -3],
    ['+7', 7],
    ['~', null],
    ['', null],
    ['nULL', 'nULL'],
    ['08', 8],
    ['1.2.3', '1.2.3'],
    ['10Mi', '10Mi'],
    ['1e400', '1e400'],
    ['._5', '._5'],
    ['1_0.5', 10.5],
  ];
  for (const [text, value] of known) {
    it(`reads ${JSON.stringify(text)} as Kubernetes does`, () => assert.equal(resolvePlain(text), value));
  }
});

describe('readYaml()', () => {
  it('parts documents, and counts the lines before each', () => {
    const documents = read('# head\n---\na: 1\n---\n---\nb: |\n  --- no marker\n...\n--- c\n');
    assert.deepEqual(
      documents.map(({ root, linesBefore }) => [linesBefore, valueOf(root)]),
      [
        [1, { a: 1 }],
        [3, null],
        [4, { b: '--- no marker\n' }],
        [8, 'c'],
      ],
    );
  });

  it('reads the documents beside one that is broken', () => {
    const documents = read('a: 1\n---\n{b: \n---\nc: 3\n');
    assert.deepEqual(
      documents.map(({ root }) => valueOf(root)),
      [{ a: 1 }, undefined, { c: 3 }],
    );
    assert.equal(documents[1]?.problems.length, 1);
  });

  it('points at keys and values', () => {
    const [document] = read('---\nouter:\n  inner: "text"\n');
    const outer = document?.root;
    assert.ok(outer?.kind === 'map' && document !== undefined);
    const field = outer.fields.get('outer');
    assert.ok(field?.value.kind === 'map');
    const inner = field.value.fields.get('inner');
    assert.ok(inner !== undefined);
    const shown = (span: { start: number; end: number }): string => document.text.slice(span.start, span.end);
    assert.deepEqual([shown(field.key), shown(inner.key), shown(inner.value)], ['outer', 'inner', 'text']);
  });

  it('follows aliases, and merges maps as YAML 1.1 does', () => {
    const [document] = read(
      'base: &b {x: 1, w: 2}\nsame: *b\nmore: {<<: *b, w: 3}\nlist: {<<: [{x: 8}, {x: 9, z: 1}]}\n',
    );
    assert.deepEqual(valueOf(document?.root), {
      base: { x: 1, w: 2 },
      same: { x: 1, w: 2 },
      more: { x: 1, w: 3 },
      list: { x: 8, z: 1 },
    });
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['a field twice', 'a: 1\na: 2', /repeated/],
    ['an alias before its anchor', 'a: *b\nb: &b 1', /no anchor/],
    ['an alias inside its own anchor', '&a [*a]', /no anchor/],
    ['a map as a key', '{{a: 1}: 2}', /key/],
    ['a tag of somebody else', 'a: !ref b', /tag/],
    ['a merge of text', '<<: text', /merge/],
    ['tabs', 'a:\n\tb: 1', /tab|indent/i],
    ['nesting without end', '['.repeat(yamlLimits.maxDepth + 2), /depth|nest/i],
  ];
  for (const [what, text, expected] of refused) {
    it(`refuses ${what}`, () => assert.match(problemsOf(text).join('; '), expected));
  }

  it('counts what aliases stand for, and so stops a bomb', () => {
    const lines = Array.from({ length: 12 }, (_, level) => {
      const inner = level === 0 ? 'x' : `*a${level - 1}`;
      return `k${level}: &a${level} [${Array.from({ length: 10 }, () => inner).join(', ')}]`;
    });
    assert.match(problemsOf(lines.join('\n')).join('; '), /more than 1000000 values/);
  });

  it('counts what aliases stand for in all documents of a file', () => {
    const lines = Array.from({ length: 6 }, (_, level) => {
      const inner = level === 0 ? 'x' : `*a${level - 1}`;
      return `k${level}: &a${level} [${Array.from({ length: 8 }, () => inner).join(', ')}]`;
    });
    const documents = read(`---\n${lines.join('\n')}\n`.repeat(100));
    assert.ok(documents.length < 50);
    assert.match(documents.at(-1)?.problems[0]?.text ?? '', /more than 8000000 values/);
  });

  it('refuses numbers that JSON does not have', () => {
    for (const word of ['.inf', '-.Inf', '.NaN']) {
      const [document] = read(`a: ${word}`);
      assert.match(document?.problems[0]?.text ?? '', /is not a number of JSON; put text in quotes/, word);
      assert.deepEqual(problemsOf(`a: "${word}"`), []);
    }
  });

  it('refuses a document whose values would fill the memory before it parses it', () => {
    const before = process.memoryUsage().rss;
    const problems = problemsOf(`{${'a,'.repeat(yamlLimits.maxSeparators + 1)}}`);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /more than 3000000 commas, colons, brackets and lines in one document: split it/);
    assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
  });

  it('stops at the bound of documents', () => {
    const documents = read('---\na: 1\n'.repeat(yamlLimits.maxDocuments + 5));
    assert.equal(documents.length, yamlLimits.maxDocuments + 1);
    assert.match(documents.at(-1)?.problems[0]?.text ?? '', /documents/);
  });

  it('reads every JSON value as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const [document] = read(JSON.stringify(value));
        assert.deepEqual(document?.problems, []);
        // -0 is not a value of JSON.
        assert.equal(JSON.stringify(valueOf(document?.root)), JSON.stringify(value));
      }),
    );
  });

  it('reads what deploy writes as it was: every string that YAML 1.1 or 1.2 would misread is in quotes', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('yes', 'off', '0644', '1e3', '~', '', '1_000', '0o17', '<<', '0X0', '-_0'),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.stringMatching(/^[a-z]{2,9}$/), fc.constant('0X1')), word), (value) => {
        const [document] = read(yamlOf(value));
        assert.deepEqual(valueOf(document?.root), { ...value });
      }),
    );
  });

  it('never throws, and never points outside of the text', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '---\n',
        '\n',
        '  ',
        ': ',
        '- ',
        '&a ',
        '*a',
        '{',
        '}',
        '[',
        ']',
        ',',
        '|\n',
        '"',
        "'",
        '? ',
        '!!str ',
        '<<: ',
        '\t',
        '#',
        '%YAML 1.1\n',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        for (const { text, problems } of readYaml(pieces.join(''))) {
          for (const { start, end } of problems) assert.ok(start >= 0 && start <= end && start <= text.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
