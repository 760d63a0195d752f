import { printable } from '@enclos/diagnostics';

/** A doc comment. No text of a model can end it. */
export function docComment(lines: readonly string[], indent = ''): string {
  const safe = lines.map((line) => printable(line).replaceAll('*/', '*∕'));
  if (safe.length === 1 && indent.length + (safe[0]?.length ?? 0) < 110) return `${indent}/** ${safe[0] ?? ''} */`;
  return [`${indent}/**`, ...safe.map((line) => `${indent} *${line === '' ? '' : ` ${line}`}`), `${indent} */`].join(
    '\n',
  );
}
