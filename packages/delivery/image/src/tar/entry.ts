/** Where the bytes of a file come from. */
export interface Content {
  readonly sizeBytes: number;
  /** The bytes, from the beginning; as often as it is called. */
  readonly open: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** What goes into a layer. Everything belongs to root, so that nothing inside can change it. */
export type LayerEntry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Content }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

export function bytesContent(bytes: Uint8Array): Content {
  return Object.freeze({ sizeBytes: bytes.length, open: () => [bytes] });
}

export const BLOCK_BYTES = 512;
