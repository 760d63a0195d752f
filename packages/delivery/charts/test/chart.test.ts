import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chartFiles, type Settings, type SettingValues } from '../src/index.ts';

const settings = {
  name: { kind: 'text', fallback: 'web', pattern: '^[a-z]+$', summary: 'Its name' },
  place: { kind: 'text', fallback: '', whenEmpty: '.Release.Namespace', pattern: '^[a-z]+$', summary: 'Its place' },
  count: { kind: 'count', fallback: 2, least: 0, most: 9, summary: 'How many' },
  bundle: { kind: 'optional', pattern: '^[a-z]+$', summary: 'A bundle' },
  networks: { kind: 'list', pattern: '^[0-9.]+$', summary: 'Networks' },
  isStrict: { kind: 'flag', fallback: false, summary: 'Strict' },
  isWide: { kind: 'flag', fallback: true, summary: 'Wide' },
} as const satisfies Settings;
type Values = SettingValues<typeof settings>;

/** The lines of the template of an object that is made from settings. */
function templateOf(spec: (values: Values) => unknown, isThere: (values: Values) => boolean = () => true): string {
  const files = chartFiles({
    name: 'web',
    version: '1.2.3',
    description: 'A page.',
    kubeVersion: '>=1.30.0-0',
    introduction: 'Why.',
    settings,
    objects: (values) => (isThere(values) ? [['one.yaml', { kind: 'One', spec: spec(values) }]] : []),
  });
  const { text = '' } = files.find(({ name }) => name === 'templates/one.yaml') ?? {};
  return text;
}

describe('the template of an object', () => {
  const cases: readonly (readonly [what: string, spec: (values: Values) => unknown, lines: string])[] = [
    ['inserts a text', ({ name }) => name, 'spec: {{ $.Values.name | quote }}'],
    [
      'inserts a number',
      ({ count }) => ({ a: count }),
      'spec:\n  {{- if not .Values.count }}\n  a: 0\n  {{- end }}\n  {{- if .Values.count }}\n  a: {{ $.Values.count }}\n  {{- end }}',
    ],
    ['inserts into a text', ({ name }) => `a-${name}"b`, 'spec: "a-{{ $.Values.name }}\\"b"'],
    [
      'has what replaces an empty text',
      ({ place }) => place,
      'spec: {{ $.Values.place | default $.Release.Namespace | quote }}',
    ],
    [
      'has base64 of a text',
      ({ bundle }) => (bundle === undefined ? {} : { a: Buffer.from(bundle).toString('base64') }),
      '{{- if not .Values.bundle }}\nspec: {}\n{{- end }}\n{{- if .Values.bundle }}\nspec:\n  a: {{ $.Values.bundle | b64enc | quote }}\n{{- end }}',
    ],
    [
      'has one condition for neighbours, and counts equal items',
      ({ isStrict }) => [...(isStrict ? ['a', '--', 'b', '--'] : []), 'c'],
      'spec:\n  {{- if .Values.isStrict }}\n  - a\n  - --\n  - b\n  - --\n  {{- end }}\n  - c',
    ],
    [
      'combines settings',
      ({ isStrict, isWide, bundle }) => [...(isStrict && (isWide || bundle === undefined) ? ['a'] : []), 'b'],
      'spec:\n  {{- if and .Values.isStrict (or (not .Values.bundle) .Values.isWide) }}\n  - a\n  {{- end }}\n  - b',
    ],
    [
      'has a turn for each item of a list, whose key is there when one is',
      ({ networks }) => ({ a: 1, ...(networks.length > 0 ? { from: networks.map((cidr) => ({ cidr })) } : {}) }),
      'spec:\n  a: 1\n  {{- if .Values.networks }}\n  from:\n    {{- range .Values.networks }}\n    - cidr: {{ . | quote }}\n    {{- end }}\n  {{- end }}',
    ],
    [
      'merges items of one name',
      ({ isWide }) => [{ name: 'a', ...(isWide ? { b: true } : {}) }],
      'spec:\n  - name: a\n    {{- if .Values.isWide }}\n    b: true\n    {{- end }}',
    ],
    [
      'merges the item of a list that always has one',
      ({ isWide }) => [{ b: isWide ? ['c', 'd'] : ['c'] }],
      'spec:\n  - b:\n      - c\n      {{- if .Values.isWide }}\n      - d\n      {{- end }}',
    ],
    ['keeps braces of others', () => '{{pod}}', 'spec: "{{ "{{" }}pod{{ "}}" }}"'],
    ['quotes what YAML would read otherwise', () => ['yes', '1', 'a: b'], 'spec:\n  - "yes"\n  - "1"\n  - "a: b"'],
    ['has text of several lines', () => ({ a: 'b\n\nc\n' }), 'spec:\n  a: |\n    b\n\n    c'],
  ];
  for (const [what, spec, lines] of cases) {
    test(what, () => assert.equal(templateOf(spec), `kind: One\n${lines}\n`));
  }

  test('is there as a whole under a condition', () => {
    const text = templateOf(
      () => 1,
      ({ isStrict }) => isStrict,
    );
    assert.equal(text, '{{- if .Values.isStrict }}\nkind: One\nspec: 1\n{{- end }}\n');
  });

  test('is refused where simple conditions do not say it', () => {
    const parity = ({ isStrict, isWide, bundle }: Values): number =>
      (Number(isStrict) + Number(isWide) + Number(bundle === undefined)) % 2;
    assert.throws(() => templateOf((values) => ({ a: parity(values) })), { message: /^No condition of three of/ });
    const swapped = ({ isStrict }: Values): readonly string[] => (isStrict ? ['a', 'b'] : ['b', 'a']);
    assert.throws(() => templateOf(swapped), { message: /^The order of .* changes with the settings\.$/ });
  });
});

describe('the values of a chart', () => {
  const files = chartFiles({
    name: 'web',
    version: '1.2.3',
    description: 'A page.',
    kubeVersion: '>=1.30.0-0',
    introduction: 'Why.',
    settings,
    exclusions: [['isStrict', ['bundle', 'networks']]],
    objects: () => [],
  });
  const textOf = (wanted: string): string => files.find(({ name }) => name === wanted)?.text ?? '';

  test('have their fallbacks, and a line that says what each is for', () => {
    assert.match(textOf('values.yaml'), /# Its name\nname: "web"\n\n# Its place\nplace: ""\n\n# How many\ncount: 2\n/);
    assert.match(textOf('README.md'), /^\| `networks` \| `\[\]` \| Networks \|$/m);
    assert.match(textOf('Chart.yaml'), /^apiVersion: v2\nname: web\nversion: 1\.2\.3\n/);
  });

  test('are held to a schema that takes no other', () => {
    const schema = JSON.parse(textOf('values.schema.json')) as { [name: string]: unknown; properties: object };
    assert.equal(schema['additionalProperties'], false);
    const { name, place, count } = schema.properties as Record<string, object>;
    assert.deepEqual(name, { type: 'string', pattern: '^[a-z]+$', maxLength: 100_000, description: 'Its name' });
    assert.deepEqual(place, {
      description: 'Its place',
      anyOf: [{ const: '' }, { type: 'string', pattern: '^[a-z]+$', maxLength: 100_000 }],
    });
    assert.deepEqual(schema['allOf'], [
      {
        if: { not: { properties: { isStrict: { const: false } } } },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        then: { properties: { bundle: { const: '' }, networks: { const: [] } } },
      },
    ]);
    assert.deepEqual(count, { type: 'integer', minimum: 0, maximum: 9, description: 'How many' });
  });
});
