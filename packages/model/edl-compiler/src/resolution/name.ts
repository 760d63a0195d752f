/** A file's name without its folder and ending. */
export function shortNameOf(path: string): string {
  const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const dot = file.lastIndexOf('.');
  return dot < 0 ? file : file.slice(0, dot);
}

export const isIdentifier = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);

/** The short name, with an underscore for each character that C has not in names. */
export function enclaveNameOf(path: string): string {
  const name = shortNameOf(path).replaceAll(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`;
}
