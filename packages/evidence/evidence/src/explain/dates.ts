import type { ExplainNode } from './nodes.ts';

/** The labels under which every explanation shows a validity. */
export const validFrom = 'valid from';
export const validTo = 'valid to';

/** The same nodes; those with a date that is not met at `now` say so. Nothing else tells a reader that the evidence is about the past. */
export function withDatesAt(nodes: readonly ExplainNode[], now: Date): readonly ExplainNode[] {
  return nodes.map((node) => {
    const note = noteAt(node, now.getTime());
    return {
      ...node,
      ...(note === undefined ? {} : { note }),
      ...(node.children === undefined ? {} : { children: withDatesAt(node.children, now) }),
    };
  });
}

function noteAt({ label, value = '' }: ExplainNode, nowMs: number): string | undefined {
  if (label === validFrom && Date.parse(value) > nowMs) return 'not yet: this has not begun';
  if (label === validTo && Date.parse(value) < nowMs) return 'expired';
  return undefined;
}
