// The mutants of one compiled module. Compiled, because the tests run it: no types, the lines of the
// source by its source map. A mutant is one replaced range; what it could break is in `operators`.
import { parseSync } from 'oxc-parser';

const comparisons = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
};
const arithmetic = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '<<': '>>',
  '>>': '<<',
  '>>>': '<<',
  '&': '|',
  '|': '&',
  '^': '&',
};
const assignments = { '+=': '-=', '-=': '+=', '*=': '/=', '|=': '&=', '&=': '|=', '^=': '&=' };
const calls = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
  ['startsWith', 'endsWith'],
  ['endsWith', 'startsWith'],
]);
/** Methods whose result is of the kind of their object, which is left as it was. */
const passes = new Set(
  'filter sort toSorted reverse toReversed slice subarray trim toLowerCase toUpperCase padStart'.split(' '),
);

/** `list[index] ?? 0`, where the type checker asks for a default that nothing needs. */
const isIndexDefault = ({ operator, left }) => operator === '??' && left.type === 'MemberExpression' && left.computed;

/** Texts for people are not behaviour: they may be reworded without a test. */
const isProse = (text) => /\s/.test(text);
const isText = (node) => node.type === 'TemplateLiteral' || typeof node.value === 'string';

/** Each takes a node and a `text` of nodes, and gives `[node or range, replacement]`s. */
const operators = {
  BinaryExpression(node, text) {
    const { left, operator, right } = node;
    const others = comparisons[operator] ?? (arithmetic[operator] === undefined ? [] : [arithmetic[operator]]);
    if (operator === '+' && (isText(left) || isText(right))) return [];
    return others.map((other) => [node, `(${text(left)} ${other} ${text(right)})`]);
  },
  LogicalExpression: (node, text) => [
    ...(isIndexDefault(node) ? [] : [[node, text(node.left)]]),
    [node, text(node.right)],
  ],
  UnaryExpression: (node, text) => (['!', '-'].includes(node.operator) ? [[node, text(node.argument)]] : []),
  IfStatement: (node) => conditions(node.test),
  ConditionalExpression: (node) => conditions(node.test),
  WhileStatement: (node) => [[node.test, 'false']],
  DoWhileStatement: (node) => [[node.test, 'false']],
  ForStatement: (node) => (node.test === null ? [] : [[node.test, 'false']]),
  ForOfStatement: (node) => [[node.right, '[]']],
  Literal: literals,
  TemplateLiteral: (node) => (node.quasis.some(({ value }) => value.raw !== '') ? [[node, '``']] : []),
  ExpressionStatement: (node) => (node.directive === undefined ? [[node, ';']] : []),
  ThrowStatement: (node) => [[node, ';']],
  BreakStatement: (node) => [[node, ';']],
  ContinueStatement: (node) => [[node, ';']],
  ReturnStatement: (node) => [[node, node.argument === null ? ';' : 'return undefined;']],
  ArrowFunctionExpression: (node) => (node.body.type === 'BlockStatement' ? [] : [[node.body, 'undefined']]),
  SwitchCase: (node) => (node.test === null ? [] : [[node, '']]),
  AssignmentExpression: (node, text) =>
    assignments[node.operator] === undefined
      ? []
      : [[node, `${text(node.left)} ${assignments[node.operator]} ${text(node.right)}`]],
  ArrayExpression: (node, text) =>
    node.elements.map((element) => [node, `[${without(node.elements, element).map(text).join(', ')}]`]),
  ObjectExpression: (node, text) =>
    node.properties
      .filter(({ type }) => type === 'SpreadElement')
      .map((spread) => [node, `{ ${without(node.properties, spread).map(text).join(', ')} }`]),
  MemberExpression: (node, text) => (node.optional ? [[node, unchained(node, text)]] : []),
  CallExpression(node, text) {
    if (node.callee.type !== 'MemberExpression' || node.callee.computed) return [];
    const { name } = node.callee.property;
    if (passes.has(name)) return [[node, text(node.callee.object)]];
    return calls.has(name) ? [[node.callee.property, calls.get(name)]] : [];
  },
};

const without = (list, item) => list.filter((other) => other !== item && other !== null);
const unchained = ({ object, property, computed }, text) =>
  `${text(object)}${computed ? `[${text(property)}]` : `.${text(property)}`}`;

const conditions = (test) => ['true', 'false'].map((value) => [test, value]);

function literals(node) {
  if (node.regex !== undefined && node.regex !== null) return anchors(node);
  if (node.bigint !== undefined && node.bigint !== null) return [[node, `(${node.bigint}n + 1n)`]];
  if (typeof node.value === 'boolean') return [[node, String(!node.value)]];
  if (typeof node.value === 'number') return [node.value + 1, node.value - 1].map((value) => [node, `(${value})`]);
  if (typeof node.value === 'string') return [[node, node.value === '' ? `'mutated'` : `''`]];
  return [];
}

function anchors(node) {
  const { pattern, flags } = node.regex;
  const loose = [pattern.replace(/^\^/, ''), pattern.replace(/\$$/, '')].filter((other) => other !== pattern);
  return loose.map((other) => [node, `/${other}/${flags}`]);
}

/** Of a node that has children which are no behaviour, those that are. */
function children(node) {
  if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return [];
  if (node.type === 'ExportNamedDeclaration') return [node.declaration];
  if (node.type === 'TemplateLiteral' && node.quasis.some(({ value }) => isProse(value.raw))) return [];
  if (node.type === 'LogicalExpression' && isIndexDefault(node)) return [node.left];
  if (node.type === 'Property') return node.computed ? [node.key, node.value] : [node.value];
  return Object.values(node).flat();
}

function isBehaviour(node) {
  if (node.type === 'Literal' && typeof node.value === 'string') return !isProse(node.value);
  return node.type !== 'TemplateLiteral' || !node.quasis.some(({ value }) => isProse(value.raw));
}

/** Calls `visit` with each node, from the outside. */
export function walk(node, visit) {
  if (node === null || typeof node !== 'object' || typeof node.type !== 'string') return;
  visit(node);
  for (const child of children(node)) walk(child, visit);
}

export function parseModule(path, source) {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  return program;
}

/** `[{ start, end, replacement }]`, each once, in the order of the text. */
export function mutantsOf(program, source) {
  const text = (node) => source.slice(node.start, node.end);
  const found = new Map();
  walk(program, (node) => {
    if (!isBehaviour(node)) return;
    for (const [{ start, end }, replacement] of operators[node.type]?.(node, text) ?? []) {
      if (source.slice(start, end) !== replacement) {
        found.set(`${start} ${end} ${replacement}`, { start, end, replacement });
      }
    }
  });
  return [...found.values()].toSorted((a, b) => a.start - b.start || a.end - b.end);
}
