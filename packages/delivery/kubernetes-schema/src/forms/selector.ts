/** Whether labels match one requirement of a selector; true for an operator that is unknown, which is another finding. */
export function matches(
  labels: ReadonlyMap<string, string>,
  key: string,
  operator: string,
  values: readonly string[],
): boolean {
  const value = labels.get(key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return true;
  }
}
