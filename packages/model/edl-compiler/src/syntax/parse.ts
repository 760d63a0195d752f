import type { Token } from '../lexis/token.ts';
import { preprocess, type PreprocessOptions } from '../preprocessor/preprocess.ts';
import { directiveRules } from '../preprocessor/rules.ts';
import type { SourceText } from '../source/place.ts';
import { readItems } from './items.ts';
import { printed, Recovery, TokenReader } from './reader.ts';
import { syntaxRules as rules } from './rules.ts';
import type { EdlFile, Item } from './tree.ts';

/**
 * Reads one file by both grammars at once: what only one compiler accepts is reported as its difference. After an error it goes on
 * with the next statement, so that the tree may lack what was wrong.
 *
 * @returns nothing when there is no enclave in the file
 */
export function parseSource(source: SourceText, options: PreprocessOptions): EdlFile | undefined {
  const { tokens, trivia, conditionals } = preprocess(source, options);
  const reader = new TokenReader(tokens, { source, findings: options.findings, dialect: options.dialect });
  const enclave = readEnclave(reader);
  if (enclave === undefined) return undefined;
  const { brace, following } = enclave;
  // oeedger8r asks for open conditionals after the closing brace, when it has read one token more.
  const around = conditionals.find(
    ({ start, end }) => start < brace.start && end > following.start && following.kind !== 'end',
  );
  if (around !== undefined) {
    reader.report(directiveRules.conditionalAroundEnclave, { start: around.start, end: around.start + 1 });
  }
  return { source, trivia, items: enclave.items, ...(enclave.closing && { closing: enclave.closing }), at: enclave.at };
}

type Enclave = Pick<EdlFile, 'items' | 'closing' | 'at'> & { readonly brace: Token; readonly following: Token };

function readEnclave(reader: TokenReader): Enclave | undefined {
  const first = reader.token;
  try {
    if (!reader.takeWord('enclave')) reader.fail(rules.expectedSymbol, ['enclave', printed(first)]);
    reader.expectSymbol('{');
    const items: readonly Item[] = readItems(reader);
    if (reader.context.findings.isFull) return undefined;
    const brace = reader.expectSymbol('}');
    const following = reader.token;
    const at = reader.placeFrom(first);
    const closing = reader.isSymbol(';') ? reader.nameOf(reader.take()).at : undefined;
    if (closing === undefined) reader.report(rules.noSemicolonAtEnd, brace, [printed(reader.token)]);
    else if (!reader.isAtEnd) reader.report(rules.afterEnclave, reader.token, [printed(reader.token)]);
    if (!reader.isAtEnd) reader.report(rules.ignoredAfterEnclave, reader.token);
    return { items, at, brace, following, ...(closing && { closing }) };
  } catch (error) {
    if (error instanceof Recovery) return undefined;
    throw error;
  }
}
