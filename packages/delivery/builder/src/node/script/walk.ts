import type { AnyNode, Program } from 'acorn';

import { childrenOf } from './children.ts';
import { Containment } from './containment.ts';
import { declareIn, isFunction, Scope, scopeInside } from './scopes.ts';

/** A node with what is around it. */
export interface Place<T extends AnyNode = AnyNode> {
  readonly node: T;
  readonly up: Place | undefined;
  readonly scope: Scope;
  /** Whether the function that holds the node catches what it throws there, and goes on. */
  readonly isTried: boolean;
  /** Whether a `typeof` decides if the node runs. */
  readonly isChosen: boolean;
}

/** A handler that throws again, as some do to add a word, catches nothing. */
function handlersThatThrow(): Containment {
  const isThrow = (node: AnyNode): boolean => node.type === 'ThrowStatement';
  return new Containment(isThrow, (node) => (isFunction(node) ? [] : childrenOf(node).map(([, child]) => child)));
}

/** `Promise.resolve().then(() => require("name"))`: what the bundler makes of `import("name")`. */
function isLateImport({ node, up }: Place): boolean {
  const call = up?.node;
  if (node.type !== 'ArrowFunctionExpression' || call?.type !== 'CallExpression') return false;
  const { callee } = call;
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'CallExpression') return false;
  const start = callee.object.callee;
  return start.type === 'MemberExpression' && start.object.type === 'Identifier' && start.object.name === 'Promise';
}

/** Conditions that ask for the type of something. */
function conditionsOnTypes(): Containment {
  const isTypeof = (node: AnyNode): boolean => node.type === 'UnaryExpression' && node.operator === 'typeof';
  return new Containment(isTypeof, (node) => {
    if (node.type === 'UnaryExpression') return [node.argument];
    return node.type === 'LogicalExpression' || node.type === 'BinaryExpression' ? [node.left, node.right] : [];
  });
}

function isTried(place: Place, key: string, throwing: Containment): boolean {
  const { node } = place;
  if (node.type === 'TryStatement' && key === 'block' && node.handler && !throwing.has(node.handler)) return true;
  return isFunction(node) && !isLateImport(place) ? false : place.isTried;
}

function isChosen({ node, isChosen: before }: Place, key: string, typed: Containment): boolean {
  if (before) return true;
  if (node.type === 'LogicalExpression') return key === 'right' && typed.has(node.left);
  if (node.type !== 'IfStatement' && node.type !== 'ConditionalExpression') return false;
  return key !== 'test' && typed.has(node.test);
}

/** The scope in which the child of a `switch` stands: what is switched on is outside. */
function scopesOf(place: Place): (key: string) => Scope {
  const inside = scopeInside(place.scope, place.node, place.up?.node);
  if (place.node.type !== 'SwitchStatement') return () => inside;
  const cases = new Scope(inside, false);
  return (key) => (key === 'cases' ? cases : inside);
}

/**
 * Visits every node of a program, each with its scope. When it returns, all scopes know their names: a
 * visitor that resolves a name earlier does not see what is declared further down.
 */
export function walk(program: Program, visit: (place: Place) => void): void {
  const [throwing, typed] = [handlersThatThrow(), conditionsOnTypes()];
  const open: Place[] = [
    { node: program, up: undefined, scope: new Scope(undefined, true), isTried: false, isChosen: false },
  ];
  while (open.length > 0) {
    const place = open.pop();
    if (place === undefined) return;
    declareIn(place.scope, place.node);
    visit(place);
    const scopeOf = scopesOf(place);
    for (const [key, node] of childrenOf(place.node)) {
      open.push({
        node,
        up: place,
        scope: scopeOf(key),
        isTried: isTried(place, key, throwing),
        isChosen: isChosen(place, key, typed),
      });
    }
  }
}
