import type { AnyNode } from 'acorn';

/** Where the nodes below a node are, by its type (ESTree). Nodes of other types have nothing below them that is used. */
const keys: Readonly<Record<string, readonly string[]>> = {
  Program: ['body'],
  ExpressionStatement: ['expression'],
  BlockStatement: ['body'],
  StaticBlock: ['body'],
  WithStatement: ['object', 'body'],
  ReturnStatement: ['argument'],
  LabeledStatement: ['body'],
  IfStatement: ['test', 'consequent', 'alternate'],
  SwitchStatement: ['discriminant', 'cases'],
  SwitchCase: ['test', 'consequent'],
  ThrowStatement: ['argument'],
  TryStatement: ['block', 'handler', 'finalizer'],
  CatchClause: ['param', 'body'],
  WhileStatement: ['test', 'body'],
  DoWhileStatement: ['body', 'test'],
  ForStatement: ['init', 'test', 'update', 'body'],
  ForInStatement: ['left', 'right', 'body'],
  ForOfStatement: ['left', 'right', 'body'],
  FunctionDeclaration: ['id', 'params', 'body'],
  FunctionExpression: ['id', 'params', 'body'],
  ArrowFunctionExpression: ['params', 'body'],
  VariableDeclaration: ['declarations'],
  VariableDeclarator: ['id', 'init'],
  ArrayExpression: ['elements'],
  ObjectExpression: ['properties'],
  UnaryExpression: ['argument'],
  UpdateExpression: ['argument'],
  BinaryExpression: ['left', 'right'],
  AssignmentExpression: ['left', 'right'],
  LogicalExpression: ['left', 'right'],
  MemberExpression: ['object'],
  ConditionalExpression: ['test', 'consequent', 'alternate'],
  CallExpression: ['callee', 'arguments'],
  NewExpression: ['callee', 'arguments'],
  SequenceExpression: ['expressions'],
  YieldExpression: ['argument'],
  AwaitExpression: ['argument'],
  ChainExpression: ['expression'],
  ImportExpression: ['source', 'options'],
  ParenthesizedExpression: ['expression'],
  TemplateLiteral: ['expressions'],
  TaggedTemplateExpression: ['tag', 'quasi'],
  SpreadElement: ['argument'],
  RestElement: ['argument'],
  AssignmentPattern: ['left', 'right'],
  ArrayPattern: ['elements'],
  ObjectPattern: ['properties'],
  // The value of `{ name }` is the name once more.
  Property: ['value'],
  ClassDeclaration: ['id', 'superClass', 'body'],
  ClassExpression: ['id', 'superClass', 'body'],
  ClassBody: ['body'],
  MethodDefinition: ['value'],
  PropertyDefinition: ['value'],
};
const none: readonly string[] = [];

/** A name that is worked out, not spelt: `a[name]`, `{ [name]: 1 }`. */
function computedKey(node: AnyNode): string | undefined {
  if (node.type === 'MemberExpression') return node.computed ? 'property' : undefined;
  const hasKey = node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition';
  return hasKey && node.computed ? 'key' : undefined;
}

/** `0 && (module.exports = { start })`, by which the bundler tells readers of the text what a script exports. */
function neverRuns(node: AnyNode, key: string): boolean {
  if (node.type !== 'LogicalExpression' || key !== 'right') return false;
  return node.operator === '&&' && node.left.type === 'Literal' && node.left.value === 0;
}

/** The nodes below a node that could be code that runs, each with its key. Names that are only spelt like variables are left out. */
export function childrenOf(node: AnyNode): readonly (readonly [string, AnyNode])[] {
  const children: (readonly [string, AnyNode])[] = [];
  const add = (key: string): void => {
    // By the table: nodes, lists of nodes, or nothing; a list can have holes.
    const found = Reflect.get(node, key) as AnyNode | readonly (AnyNode | null)[] | null | undefined;
    if (found === null || found === undefined || neverRuns(node, key)) return;
    if (!('length' in found)) children.push([key, found]);
    else for (const child of found) if (child !== null) children.push([key, child]);
  };
  for (const key of keys[node.type] ?? none) add(key);
  const computed = computedKey(node);
  if (computed !== undefined) add(computed);
  return children;
}
