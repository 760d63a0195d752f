import { oneWordTypes, intelKeywords, typeWords } from './names.ts';
import { printed, type TokenReader } from './reader.ts';
import { syntaxRules as rules } from './rules.ts';
import type { BaseType, BasicTypeName, TypeName } from './tree.ts';

/** `["const"] type "*"*` */
export function readType(reader: TokenReader): TypeName {
  const first = reader.token;
  let isConst = reader.takeWord('const');
  const base = readBase(reader);
  isConst = skipLateConst(reader) || isConst;
  let pointers = 0;
  while (reader.takeSymbol('*')) {
    pointers++;
    skipLateConst(reader);
  }
  return { isConst, base, pointers, at: reader.placeFrom(first) };
}

function skipLateConst(reader: TokenReader): boolean {
  let isThere = false;
  for (; reader.isWord('const'); isThere = true) reader.report(rules.lateConstant, reader.take());
  return isThere;
}

function readBase(reader: TokenReader): BaseType {
  const { kind, text } = reader.token;
  if (kind !== 'name') return reader.fail(rules.expectedType, [printed(reader.token)]);
  const word = oneWordTypes.get(text);
  if (word !== undefined) {
    reader.take();
    return { kind: 'basic', name: word };
  }
  if (text === 'struct' || text === 'union' || text === 'enum') {
    reader.take();
    const article = text === 'struct' ? 'a' : 'an';
    const name = reader.expectName(`${article} ${text}`, (got) => `expecting struct/enum/union name, got ${got}`);
    return { kind: text, name };
  }
  if (typeWords.has(text) && text !== 'const') return { kind: 'basic', name: readWords(reader) };
  const isSection = reader.ahead(1).kind === 'symbol' && reader.ahead(1).text === '{';
  if (text === 'const' || isSection) return reader.fail(rules.expectedType, [text]);
  if (intelKeywords.has(text)) reader.report(rules.reservedName, reader.token, [text]);
  return { kind: 'named', name: reader.nameOf(reader.take()) };
}

/** Types of several words, each of which is a keyword of C. */
function readWords(reader: TokenReader): BasicTypeName {
  const isUnsigned = reader.takeWord('unsigned');
  const plain = readPlain(reader, isUnsigned);
  if (plain === 'long double') return plain;
  return isUnsigned ? `unsigned ${plain}` : plain;
}

function readPlain(
  reader: TokenReader,
  isUnsigned: boolean,
): 'char' | 'short' | 'int' | 'long' | 'long long' | 'long double' {
  if (reader.takeWord('char')) {
    if (reader.isWord('int')) reader.report(rules.charInt, reader.take());
    return 'char';
  }
  if (reader.takeWord('short')) {
    reader.takeWord('int');
    return 'short';
  }
  if (reader.takeWord('long')) {
    if (reader.isWord('double')) {
      if (isUnsigned) reader.report(rules.unsignedDouble, reader.token);
      reader.take();
      return 'long double';
    }
    if (reader.takeWord('long')) {
      if (reader.isWord('int')) reader.report(rules.longLongInt, reader.take());
      return 'long long';
    }
    reader.takeWord('int');
    return 'long';
  }
  // Only `unsigned` may stand alone; `int` is the word otherwise.
  if (!reader.takeWord('int') && (reader.isWord('double') || reader.isWord('float'))) {
    reader.report(rules.unsignedDouble, reader.take());
  }
  return 'int';
}
