import { parse, type AnyNode, type CallExpression, type Identifier, type MemberExpression } from 'acorn';

import { walk, type Place } from './walk.ts';

/** The parameter of the function that a script is: see `scriptOptions`. */
export const capabilitiesName = 'enclosCapabilities';

/** How code uses something that it did not declare. */
export interface Use {
  /** A global (`fetch`), or a member of `process` (`process.exit`). `globalThis.fetch` is `fetch`. */
  readonly key: string;
  /** Reached as a member (`globalThis.fetch`, `process.exit`): absent, it is undefined, where a name alone would throw. */
  readonly isMember: boolean;
  readonly kind: 'read' | 'call' | 'construct' | 'dereference' | 'assign';
  /** The member that is dereferenced: `apply` of `Function.apply`. */
  readonly member?: string | undefined;
  /** Written with `?.` after it. */
  readonly isOptional: boolean;
  /** The only argument of a call, when it is a text: of `require("name")`. */
  readonly argument?: string;
  /** Whether the function around it catches what it throws. */
  readonly isTried: boolean;
  /** Whether a `typeof`, of this or of something else, decides if it runs. */
  readonly isChosen: boolean;
  /** Offsets of code in the same function, and in each one around it, that asks whether it is there. Uses share the lists. */
  readonly questions: Iterable<readonly number[]>;
  readonly start: number;
  readonly end: number;
}

const globalObjects: ReadonlySet<string> = new Set(['globalThis', 'global']);

function textOf(node: AnyNode | undefined): string | undefined {
  if (node?.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node?.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}

function memberName({ computed, property }: MemberExpression): string | undefined {
  if (computed) return textOf(property);
  return property.type === 'Identifier' ? property.name : undefined;
}

interface Access {
  readonly key: string;
  readonly isMember: boolean;
  /** The place of the expression that gives the value. */
  readonly place: Place;
}

/** What `globalThis.process.exit` reaches, from the place of `globalThis`. */
function accessOf(start: Place<Identifier>): Access {
  const names = [start.node.name];
  const places: Place[] = [start];
  for (let at: Place = start; names.length < 8;) {
    const outer: Place | undefined = at.up;
    if (outer?.node.type !== 'MemberExpression' || outer.node.object !== at.node) break;
    const name = memberName(outer.node);
    if (name === undefined) break;
    names.push(name);
    places.push(outer);
    at = outer;
  }
  let first = 0;
  while (first < names.length - 1 && globalObjects.has(names[first] ?? '')) first++;
  const member = names[first] === 'process' ? names[first + 1] : undefined;
  if (member !== undefined) return { key: `process.${member}`, isMember: true, place: places[first + 1] ?? start };
  return { key: names[first] ?? start.node.name, isMember: first > 0, place: places[first] ?? start };
}

function usageOf({
  node,
  up,
}: Place): Pick<Use, 'kind' | 'isOptional' | 'member'> & { readonly call?: CallExpression } {
  const outer = up?.node;
  switch (outer?.type) {
    case 'CallExpression':
      if (outer.callee === node) return { kind: 'call', isOptional: outer.optional, call: outer };
      break;
    case 'TaggedTemplateExpression':
      if (outer.tag === node) return { kind: 'call', isOptional: false };
      break;
    case 'NewExpression':
      if (outer.callee === node) return { kind: 'construct', isOptional: false };
      break;
    case 'MemberExpression':
      if (outer.object === node) return { kind: 'dereference', member: memberName(outer), isOptional: outer.optional };
      break;
    case 'AssignmentExpression':
      if (outer.left === node) return { kind: 'assign', isOptional: false };
      break;
    case undefined:
    default:
  }
  return { kind: 'read', isOptional: false };
}

/** `typeof fetch`, and `typeof globalThis?.fetch`. */
function isAskedFor({ up }: Place): boolean {
  const outer = up?.node.type === 'ChainExpression' ? up.up?.node : up?.node;
  return outer?.type === 'UnaryExpression' && outer.operator === 'typeof';
}

/** `"fetch" in globalThis`. */
function questionIn({ node, scope }: Place): void {
  if (node.type !== 'BinaryExpression' || node.operator !== 'in' || node.right.type !== 'Identifier') return;
  const name = node.left.type === 'PrivateIdentifier' ? undefined : textOf(node.left);
  const target = node.right.name;
  if (name === undefined || scope.find(target) !== undefined) return;
  if (globalObjects.has(target)) scope.ask(name, node.start);
  else if (target === 'process') scope.ask(`process.${name}`, node.start);
}

/** The script gets `require` from its own first line; every other declaration of the name is another function. */
function isFree({ node, up, scope }: Place<Identifier>): boolean {
  const found = scope.find(node.name);
  if (found === undefined) return true;
  const isDeclaration = up?.node.type === 'VariableDeclarator' && up.node.id === node;
  return node.name === 'require' && !isDeclaration && found.up?.declares(capabilitiesName) === true;
}

function isIdentifier(place: Place): place is Place<Identifier> {
  return place.node.type === 'Identifier';
}

/**
 * Every use of what a script did not declare itself, in the order of the script. Names that `isOrdinary` knows are left out.
 * @throws SyntaxError when it is not a script of strict-mode JavaScript; RangeError when it nests too deeply for the parser.
 */
export function usesIn(script: string, isOrdinary: (name: string) => boolean): readonly Use[] {
  const names: Place<Identifier>[] = [];
  const questions: Place[] = [];
  walk(parse(script, { ecmaVersion: 'latest', sourceType: 'script' }), (place) => {
    if (place.node.type === 'BinaryExpression') {
      if (place.node.operator === 'in') questions.push(place);
    } else if (isIdentifier(place) && place.node.name !== 'arguments' && !isOrdinary(place.node.name)) {
      names.push(place);
    }
  });
  const accesses = names.filter(isFree).map(accessOf);
  for (const place of questions) questionIn(place);
  const used = accesses.filter((access) => {
    const { kind, isOptional } = usageOf(access.place);
    const isQuestion = isAskedFor(access.place);
    const asks = isQuestion || (access.isMember && (isOptional || kind === 'read'));
    if (asks) access.place.scope.ask(access.key, access.place.node.start);
    return !isQuestion;
  });
  return used
    .map(({ key, isMember, place }) => {
      const { call, ...usage } = usageOf(place);
      const argument = call?.arguments.length === 1 ? textOf(call.arguments[0]) : undefined;
      const { node, scope, isTried, isChosen } = place;
      const asked = { [Symbol.iterator]: () => scope.questionsAbout(key) };
      const use = { key, isMember, ...usage, isTried, isChosen, questions: asked, start: node.start, end: node.end };
      return argument === undefined ? use : { ...use, argument };
    })
    .sort((a, b) => a.start - b.start);
}
