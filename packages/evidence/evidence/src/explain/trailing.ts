import { node, type ExplainNode } from './nodes.ts';

/** Bytes after evidence, when there are some. */
export function trailing(count: number): readonly ExplainNode[] {
  return count === 0 ? [] : [node('trailing bytes', count, 'no part of it; verifiers ignore them')];
}
