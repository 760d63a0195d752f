/** How deep a value of JSON is, and how many values it holds with itself; an empty list or object counts twice. */
export function measureJson(value: unknown): { readonly depth: number; readonly values: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, values: 1 };
  const parts = Object.values(value).map(measureJson);
  const values = parts.reduce((sum, part) => sum + part.values, 0);
  return { depth: 1 + Math.max(0, ...parts.map(({ depth }) => depth)), values: 1 + Math.max(1, values) };
}
