import { Budget } from '../src/budget.ts';
import { JmesPathError } from '../src/jmespath/error.ts';
import { chargedQuery, evaluateQuery } from '../src/jmespath/evaluate.ts';
import { JsonFault, parseJson } from '../src/json/parse.ts';
import { writeJson } from '../src/json/write.ts';
import { limitsOf } from '../src/limits.ts';
import { finish } from '../src/work.ts';
import { PolicyError } from '../src/index.ts';

const seed = (query: string, json: string): Uint8Array => new TextEncoder().encode(`${query}\n${json}`);

export const seeds: readonly Uint8Array[] = [
  seed(
    'a[?b.c == `[1, "x"]` && !d || e].{f: @, "g": h[*][::-1] | [0]}',
    '{"a": [{"b": {"c": [1, "x"]}, "h": [[1, 2]]}]}',
  ),
  seed("sort_by([].*[], &to_number(@)) | map(&join(', ', [type(@)]), @)", '[{"a": "2", "b": 1}, {"c": 1e2}]'),
  seed("merge(a, b).c.[not_null(@, 'x'), length(keys(@))][1:-1:2]", '{"a": {"c": 12345678901234567890}, "b": {}}'),
];

/** A first line that is a query, and JSON: the result is JSON again, or an error of ours says why there is none. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  const end = text.indexOf('\n');
  const query = text.slice(0, end < 0 ? text.length : end);
  const budget = new Budget(limitsOf({ maxSteps: 100_000 }));
  try {
    const value = finish(parseJson(text.slice(end + 1), budget));
    const found = finish(writeJson(finish(evaluateQuery(chargedQuery(query, budget), value, budget)), budget));
    JSON.parse(found);
    if (finish(writeJson(finish(parseJson(found, budget)), budget)) !== found) {
      throw new Error('The result reads back as something else.');
    }
  } catch (error) {
    if (!(error instanceof JsonFault || error instanceof JmesPathError || error instanceof PolicyError)) throw error;
  }
}
