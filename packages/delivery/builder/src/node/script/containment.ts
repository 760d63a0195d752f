import type { AnyNode } from 'acorn';

interface Answer {
  readonly outer: Answer | undefined;
  holds: boolean;
}

/**
 * Whether a node is, or holds, a node of some kind. It looks at each node once, however often it is asked about trees that lie in
 * each other: a package can nest them as deep as it likes.
 */
export class Containment {
  readonly #answers = new WeakMap<AnyNode, Answer>();
  readonly #isFound: (node: AnyNode) => boolean;
  readonly #below: (node: AnyNode) => readonly AnyNode[];

  /** @param below the nodes in which it looks further */
  constructor(isFound: (node: AnyNode) => boolean, below: (node: AnyNode) => readonly AnyNode[]) {
    this.#isFound = isFound;
    this.#below = below;
  }

  /** Ask about an outer node first. */
  has(root: AnyNode): boolean {
    return this.#answers.get(root)?.holds ?? this.#look(root).holds;
  }

  #look(root: AnyNode): Answer {
    const first = this.#note(root, undefined);
    const open = this.#below(root).map((node) => ({ node, outer: first }));
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const answer = this.#note(next.node, next.outer);
      if (!answer.holds) for (const node of this.#below(next.node)) open.push({ node, outer: answer });
    }
    return first;
  }

  #note(node: AnyNode, outer: Answer | undefined): Answer {
    const answer: Answer = { outer, holds: false };
    this.#answers.set(node, answer);
    if (!this.#isFound(node)) return answer;
    for (let at: Answer | undefined = answer; at?.holds === false; at = at.outer) at.holds = true;
    return answer;
  }
}
