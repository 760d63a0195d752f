import { typeWords } from './names.ts';
import { readAttributes, readDeclaration, readDimensions } from './declarations.ts';
import { printed, type TokenReader } from './reader.ts';
import { syntaxRules as rules } from './rules.ts';
import type { AttributeBlock, Declaration, FunctionDeclaration, Name } from './tree.ts';
import { readType } from './types.ts';

type Side = 'trusted' | 'untrusted';

const suffixWords = new Set(['transition_using_threads', 'propagate_errno']);

/** `[access] [attributes] type name(parameters) [allow(names)] suffixes;` */
export function readFunction(reader: TokenReader, side: Side): FunctionDeclaration {
  const first = reader.token;
  const access = readAccess(reader, side);
  const attributes = readFunctionAttributes(reader, side);
  const returns = readType(reader);
  if (returns.isConst) reader.report(rules.constant, returns.at, ['in the type of a result', 'const']);
  const returnDimensions = readDimensions(reader);
  const name = reader.expectName('a function', (got) => `expecting function name, got ${got}`);
  const parameters = readParameters(reader);
  const allow = readAllow(reader);
  const suffixes = readSuffixes(reader, side);
  reader.expectSemicolon();
  return {
    ...(access && { access }),
    ...(attributes && { attributes }),
    returns,
    returnDimensions,
    name,
    parameters,
    ...(allow && { allow }),
    suffixes,
    at: reader.placeFrom(first),
  };
}

function readAccess(reader: TokenReader, side: Side): Name | undefined {
  const next = reader.ahead(1);
  const stop = reader.ahead(2);
  if (reader.isWord('public')) {
    if (side === 'untrusted') reader.report(rules.publicUntrusted, reader.token, [printed(stop)]);
    return reader.nameOf(reader.take());
  }
  // A type of this name is possible, and then its function's name is what a parenthesis follows.
  if (!reader.isWord('private') || next.kind !== 'name' || stop.text === '(') return undefined;
  reader.report(rules.privateKeyword, reader.token, [printed(stop), printed(typeWords.has(next.text) ? next : stop)]);
  return reader.nameOf(reader.take());
}

function readFunctionAttributes(reader: TokenReader, side: Side): AttributeBlock | undefined {
  if (!reader.isSymbol('[')) return undefined;
  const bracket = reader.token;
  const attributes = readAttributes(reader);
  reader.report(side === 'trusted' ? rules.trustedAttributes : rules.functionAttributes, bracket);
  return attributes;
}

function readParameters(reader: TokenReader): readonly Declaration[] {
  const parameters: Declaration[] = [];
  reader.expectSymbol('(');
  if (reader.isWord('void') && reader.ahead(1).text === ')') reader.take();
  reader.list(')', () => parameters.push(readDeclaration(reader, 'parameter')));
  reader.expectSymbol(')');
  return parameters;
}

function readAllow(reader: TokenReader): FunctionDeclaration['allow'] {
  if (!reader.isWord('allow')) return undefined;
  const first = reader.take();
  const names: Name[] = [];
  reader.expectSymbol('(');
  reader.list(')', () =>
    names.push(reader.expectName('a trusted function', (got) => `expecting identifier, got ${got}`)),
  );
  reader.expectSymbol(')');
  return { names, at: reader.placeFrom(first) };
}

function readSuffixes(reader: TokenReader, side: Side): readonly Name[] {
  const suffixes: Name[] = [];
  while (reader.token.kind === 'name' && suffixWords.has(reader.token.text)) {
    const { token } = reader;
    if (suffixes.some(({ text }) => text === token.text)) reader.report(rules.repeatedSuffix, token, [token.text]);
    else if (side === 'trusted' && token.text === 'propagate_errno') reader.report(rules.trustedErrno, token);
    suffixes.push(reader.nameOf(reader.take()));
  }
  return suffixes;
}
