import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createHistogram, createValue, createView } from '../src/observe/exposition.ts';
import { parseExposition } from './exposition-parser.ts';

describe('the text exposition format', () => {
  test('is as Prometheus describes it', () => {
    const counter = createValue('counter', { name: 'calls_total', help: 'Calls.' });
    counter.add({ code: 'OK', function: 'get' });
    counter.add({ code: 'OK', function: 'get' }, 2);
    const gauge = createValue('gauge', { name: 'up', help: 'Back\\slash and\nline.' });
    gauge.add({}, -1.5);
    assert.equal(
      counter.render() + gauge.render(),
      '# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{code="OK",function="get"} 3\n' +
        '# HELP up Back\\\\slash and\\nline.\n# TYPE up gauge\nup -1.5\n',
    );
  });

  test('has cumulative buckets, with a value on a bound below it', () => {
    const histogram = createHistogram([0.1, 1], { name: 'seconds', help: 'Seconds.' });
    for (const value of [0.1, 0.2, 1, 5]) histogram.observe({ f: 'x' }, value);
    assert.deepEqual(histogram.render().split('\n').slice(2, -1), [
      'seconds_bucket{f="x",le="0.1"} 1',
      'seconds_bucket{f="x",le="1"} 3',
      'seconds_bucket{f="x",le="+Inf"} 4',
      'seconds_sum{f="x"} 6.3',
      'seconds_count{f="x"} 4',
    ]);
  });

  test('property: any label value and number comes back as it was', () => {
    const values = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.double({ noNaN: true })), { maxLength: 8 });
    const escapes = fc.array(fc.constantFrom('\\', '"', '\n', 'n', ',', '}', '=', 'a'), { maxLength: 12 });
    fc.assert(
      fc.property(values, escapes, (entries, parts) => {
        const all = new Map([...entries, [parts.join(''), 1] as const]);
        const view = createView({ name: 'view', help: parts.join('') }, () =>
          [...all].map(([label, value]) => [{ label }, value]),
        );
        const [family] = parseExposition(view.render());
        assert.equal(family?.help, parts.join(''));
        assert.deepEqual(
          family.samples.map(({ labels, value }) => [labels['label'], value + 0]),
          [...all].map(([label, value]) => [label, value + 0]),
        );
      }),
    );
  });

  test('property: histograms of any values are whole', () => {
    const value = fc.double({ noNaN: true, min: -10, max: 1e6 });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), (observed) => {
        const histogram = createHistogram([0.001, 1, 1000], { name: 'h', help: 'H.' });
        for (const [i, one] of observed.entries()) histogram.observe({ series: String(i % 3) }, one);
        const [family] = parseExposition(histogram.render());
        const counts = family?.samples.filter(({ name }) => name === 'h_count').map((sample) => sample.value) ?? [];
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          observed.length,
        );
      }),
    );
  });

  for (const [what, text] of [
    ['a family without a type', '# HELP a A.\na 1\n'],
    ['a sample twice', '# HELP a A.\n# TYPE a gauge\na{x="1"} 1\na{x="1"} 2\n'],
    ['a sample of no family', '# HELP a A.\n# TYPE a gauge\nb 1\n'],
    ['an escape that is none', '# HELP a A.\n# TYPE a gauge\na{x="\\t"} 1\n'],
    ['a missing line feed', '# HELP a A.\n# TYPE a gauge\na 1'],
  ] as const) {
    test(`the reader of these tests refuses ${what}`, () => {
      assert.throws(() => parseExposition(text));
    });
  }
});
