/** True for a list of 1 to `maximum` bytes, as JSON of other programs has them: `[72, 67, 76, 65]`. */
export function isByteList(value: unknown, maximum: number): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= maximum &&
    value.every((item) => typeof item === 'number' && Number.isInteger(item) && item >= 0 && item <= 255)
  );
}
