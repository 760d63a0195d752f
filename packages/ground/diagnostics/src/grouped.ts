/** `1,234`. The locale plays no part, so output is the same everywhere. */
export function grouped(count: number | bigint): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
