// Which tests reach which mutants: a call of `probe` at each place that can be reached by itself.
import { walk } from './operators.mjs';

/** What the nodes of a type make a place of, and how. */
const placesOf = {
  BlockStatement: ({ body }) => body.filter(({ type }) => type !== 'FunctionDeclaration').map(asStatement),
  SwitchCase: ({ consequent }) => consequent.filter(isSimple).map(asStatement),
  IfStatement: ({ consequent, alternate }) => [consequent, alternate].filter(isSimple).map(asBlock),
  ArrowFunctionExpression: ({ body }) => [body].filter(isSimple).map(asExpression),
  ConditionalExpression: ({ consequent, alternate }) => [consequent, alternate].map(asExpression),
  LogicalExpression: ({ right }) => [asExpression(right)],
};

const isSimple = (node) => node !== null && node.type !== 'BlockStatement';
const asStatement = ({ start, end }) => ({ start, end, open: (call) => `${call}; `, close: '' });
const asBlock = ({ start, end }) => ({ start, end, open: (call) => `{ ${call}; `, close: ' }' });
const asExpression = ({ start, end }) => ({ start, end, open: (call) => `(${call}, `, close: ')' });

/** `{ code, places }`: the module with its probes, of which number N is at `places[N]`, a range of the original. */
export function probed(program, source, probe) {
  const places = [];
  walk(program, (node) => places.push(...(placesOf[node.type]?.(node) ?? [])));
  const insertions = places.flatMap(({ start, end, open, close }, id) => [
    { at: start, text: open(`${probe}(${id})`) },
    { at: end, text: close },
  ]);
  let from = 0;
  const pieces = insertions
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ at, text }) => {
      const before = source.slice(from, at);
      from = at;
      return [before, text];
    });
  return { code: [...pieces, source.slice(from)].join(''), places };
}

/** The number of the smallest place around a mutant; -1 for what only loading the module runs. */
export function placeOf(places, { start, end }) {
  const around = [...places.keys()].filter((id) => places[id].start <= start && end <= places[id].end);
  const size = (id) => places[id].end - places[id].start;
  return around.reduce((smallest, id) => (smallest === -1 || size(id) < size(smallest) ? id : smallest), -1);
}
