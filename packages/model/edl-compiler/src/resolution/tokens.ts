import type { SourceText } from '../source/place.ts';

/** The first two tokens from an offset on, for texts that quote what a compiler stumbles over. Comments in between are not expected. */
export function tokensAt({ text }: SourceText, offset: number): readonly string[] {
  const near = text.slice(offset, offset + 400);
  return (near.match(/[A-Za-z_]\w*|\d+|[^\s\w]/g) ?? []).slice(0, 2);
}
