import type { AnyNode } from 'acorn';

interface Seen {
  readonly outer: Seen | undefined;
  holds: boolean;
}

/**
 * Whether a node is, or holds, a node of some kind. It looks at each node once, however often it is asked about trees that lie in
 * each other: a package can nest them as deep as it likes.
 */
export class Containment {
  readonly #seen = new WeakMap<AnyNode, Seen>();
  readonly #isFound: (node: AnyNode) => boolean;
  readonly #below: (node: AnyNode) => readonly AnyNode[];

  /** @param below the nodes in which it looks further */
  constructor(isFound: (node: AnyNode) => boolean, below: (node: AnyNode) => readonly AnyNode[]) {
    this.#isFound = isFound;
    this.#below = below;
  }

  /** Ask about an outer node first. */
  has(root: AnyNode): boolean {
    return this.#seen.get(root)?.holds ?? this.#look(root).holds;
  }

  #look(root: AnyNode): Seen {
    const first = this.#note(root, undefined);
    const open = this.#below(root).map((node) => ({ node, outer: first }));
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const seen = this.#note(next.node, next.outer);
      if (!seen.holds) for (const node of this.#below(next.node)) open.push({ node, outer: seen });
    }
    return first;
  }

  #note(node: AnyNode, outer: Seen | undefined): Seen {
    const seen: Seen = { outer, holds: false };
    this.#seen.set(node, seen);
    if (!this.#isFound(node)) return seen;
    for (let at: Seen | undefined = seen; at?.holds === false; at = at.outer) at.holds = true;
    return seen;
  }
}
