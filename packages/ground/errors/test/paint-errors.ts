import { declareErrors } from '../src/index.ts';

/** What a package declares, for these tests. */
const paintErrors = declareErrors({
  PAINT_EMPTY: ['usage', 'The bucket holds no paint.', 'Fill the bucket.'],
  PAINT_WET: ['transient', 'The wall is still wet.', 'Wait for an hour.'],
});

declare module '../src/index.ts' {
  interface ErrorCodes extends Record<keyof typeof paintErrors, true> {}
}
