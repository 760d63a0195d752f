import { EnclosError } from '@enclos/errors';

/**
 * The lengths that a padded message may have, in ascending order. A longer message has a multiple of the last. What is
 * inside one bucket looks alike from outside: a classifier whose verdicts differ in length gives nothing away.
 */
export type PaddingBuckets = readonly number[];

/** No padding but the byte that ends the content. */
export const noPadding: PaddingBuckets = Object.freeze([1]);
/** For answers of models: few lengths, and at most four times as long as the content from 64 bytes on. */
export const coarsePadding: PaddingBuckets = Object.freeze([256, 1024, 4096, 16_384, 65_536]);

const endOfContent = 0x80;

const noMoreThanTheEnd = Uint8Array.of(endOfContent);

/**
 * What follows content of a length: a byte 0x80, and zeros up to the end of its bucket (ISO/IEC 7816-4).
 *
 * @throws HPKE_LIMIT_EXCEEDED for buckets that are not ascending lengths.
 */
export function paddingOf(contentBytes: number, buckets: PaddingBuckets): Uint8Array {
  if (buckets === noPadding) return noMoreThanTheEnd;
  const padding = new Uint8Array(bucketOf(contentBytes + 1, buckets) - contentBytes);
  padding[0] = endOfContent;
  return padding;
}

/**
 * The content of a padded message, as a view.
 *
 * @throws HPKE_MESSAGE_INVALID if it has no end.
 */
export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end--;
  if (padded[end] !== endOfContent) throw new EnclosError('HPKE_MESSAGE_INVALID', 'A padded message has no end.');
  return padded.subarray(0, end);
}

function bucketOf(length: number, buckets: PaddingBuckets): number {
  const last = buckets.at(-1);
  const isAscending = buckets.every(
    (bucket, index) => Number.isSafeInteger(bucket) && bucket > (buckets[index - 1] ?? 0),
  );
  if (last === undefined || !isAscending) {
    throw new EnclosError('HPKE_LIMIT_EXCEEDED', 'The buckets for padding are not lengths in ascending order.');
  }
  return buckets.find((bucket) => bucket >= length) ?? Math.ceil(length / last) * last;
}
