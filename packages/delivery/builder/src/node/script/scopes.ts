import type { AnyNode } from 'acorn';

/** Where names are declared. Everything is strict-mode code, so a function belongs to its block. */
export class Scope {
  readonly up: Scope | undefined;
  /** The scope that a `var` goes to: of a function's body, a static block or the whole script. */
  readonly variables: Scope;
  /** What code here asks about (`typeof fetch`), with the offset of each question. Only on scopes that take variables. */
  readonly #questions = new Map<string, number[]>();
  readonly #names = new Set<string>();

  constructor(up: Scope | undefined, takesVariables: boolean) {
    this.up = up;
    this.variables = takesVariables || up === undefined ? this : up.variables;
  }

  declare(name: string): void {
    this.#names.add(name);
  }

  declares(name: string): boolean {
    return this.#names.has(name);
  }

  /** The scope that declares the name, from here outwards. */
  find(name: string): Scope | undefined {
    for (const scope of this.#outwards()) if (scope.declares(name)) return scope;
    return undefined;
  }

  ask(key: string, at: number): void {
    const questions = this.variables.#questions;
    const before = questions.get(key);
    if (before === undefined) questions.set(key, [at]);
    else before.push(at);
  }

  /** Where code in this function, or in one around it, asks about the key: a list for each, the same for every use. */
  *questionsAbout(key: string): IterableIterator<readonly number[]> {
    for (const scope of this.#outwards()) {
      const questions = scope.#questions.get(key);
      if (questions !== undefined) yield questions;
    }
  }

  *#outwards(): Iterable<Scope> {
    yield this;
    for (let at = this.up; at !== undefined; at = at.up) yield at;
  }
}

/** The names that a pattern declares. Without recursion: a bundle can nest as deep as it likes. */
function namesOf(pattern: AnyNode): readonly string[] {
  const names: string[] = [];
  const open: (AnyNode | null | undefined)[] = [pattern];
  while (open.length > 0) {
    const node = open.pop();
    if (node === null || node === undefined) continue;
    if (node.type === 'Identifier') names.push(node.name);
    else if (node.type === 'ObjectPattern') open.push(...node.properties);
    else if (node.type === 'Property') open.push(node.value);
    else if (node.type === 'ArrayPattern') open.push(...node.elements);
    else if (node.type === 'AssignmentPattern') open.push(node.left);
    else if (node.type === 'RestElement') open.push(node.argument);
  }
  return names;
}

/** Declares what the node itself declares, in the scope that the node stands in. */
export function declareIn(scope: Scope, node: AnyNode): void {
  if (node.type === 'VariableDeclaration') {
    const target = node.kind === 'var' ? scope.variables : scope;
    for (const { id } of node.declarations) for (const name of namesOf(id)) target.declare(name);
  } else if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id) {
    scope.declare(node.id.name);
  }
}

/** The scope of what is inside the node, with the names that stand at its head; the scope around it when it has none. */
export function scopeInside(scope: Scope, node: AnyNode, parent: AnyNode | undefined): Scope {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression': {
      // Of the parameters. The body has another: what it declares is not there for the defaults.
      const inside = new Scope(scope, true);
      if (node.type === 'FunctionExpression' && node.id) inside.declare(node.id.name);
      for (const parameter of node.params) for (const name of namesOf(parameter)) inside.declare(name);
      return inside;
    }
    case 'ClassExpression': {
      const inside = new Scope(scope, false);
      if (node.id) inside.declare(node.id.name);
      return inside;
    }
    case 'CatchClause': {
      const inside = new Scope(scope, false);
      if (node.param) for (const name of namesOf(node.param)) inside.declare(name);
      return inside;
    }
    case 'BlockStatement':
      return new Scope(scope, parent !== undefined && isFunction(parent));
    case 'StaticBlock':
      return new Scope(scope, true);
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
      return new Scope(scope, false);
    default:
      return scope;
  }
}

export function isFunction(node: AnyNode): boolean {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  );
}
