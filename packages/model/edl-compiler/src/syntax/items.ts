import { readDeclaration } from './declarations.ts';
import { readFunction } from './functions.ts';
import { printed, Recovery, type TokenReader } from './reader.ts';
import { syntaxRules as rules } from './rules.ts';
import type {
  CompositeItem,
  Declaration,
  EnumItem,
  EnumMember,
  FunctionDeclaration,
  ImportItem,
  IncludeItem,
  Item,
  Name,
  SectionItem,
} from './tree.ts';

const beginnersOfItems: ReadonlySet<string> = new Set([
  'include',
  'import',
  'from',
  'enum',
  'struct',
  'union',
  'trusted',
  'untrusted',
]);
const beginnersOfFunctions: ReadonlySet<string> = new Set(['public', 'trusted', 'untrusted']);
const none: ReadonlySet<string> = new Set();

/** What stands between the braces of the enclave, up to the closing one. */
export function readItems(reader: TokenReader): readonly Item[] {
  const items: Item[] = [];
  while (!reader.isSymbol('}') && !reader.isAtEnd && !reader.context.findings.isFull) {
    recovering(reader, beginnersOfItems, () => items.push(readItem(reader)));
  }
  return items;
}

function recovering(reader: TokenReader, beginners: ReadonlySet<string>, read: () => unknown): void {
  const { depth } = reader;
  try {
    read();
  } catch (error) {
    if (!(error instanceof Recovery)) throw error;
    reader.recover(depth, beginners);
  }
}

function readItem(reader: TokenReader): Item {
  const word = reader.token.kind === 'name' ? reader.token.text : '';
  switch (word) {
    case 'include':
      return readInclude(reader);
    case 'import':
      return readImport(reader);
    case 'from':
      return readFrom(reader);
    case 'enum':
      return readEnum(reader);
    case 'struct':
    case 'union':
      return readComposite(reader, word);
    case 'trusted':
    case 'untrusted':
      return readSection(reader, word);
    default:
      return reader.fail(rules.unexpectedItem, [printed(reader.token)]);
  }
}

function readFileName(reader: TokenReader, keyword: string): Name {
  if (reader.token.kind === 'string') return reader.nameOf(reader.take());
  return reader.fail(rules.expectedFile, [keyword, printed(reader.token)]);
}

function refuseSemicolon(reader: TokenReader, keyword: string): void {
  if (reader.isSymbol(';')) reader.report(rules.extraSemicolon, reader.take(), [keyword]);
}

function readInclude(reader: TokenReader): IncludeItem {
  const first = reader.take();
  const header = readFileName(reader, 'include');
  const at = reader.placeFrom(first);
  refuseSemicolon(reader, 'an include');
  return { kind: 'include', header, at };
}

function readImport(reader: TokenReader): ImportItem {
  const first = reader.take();
  const file = readFileName(reader, 'import');
  const at = reader.placeFrom(first);
  reader.report(rules.importStatement, first);
  refuseSemicolon(reader, 'an import');
  return { kind: 'import', file, names: 'all', form: 'import', at };
}

function readFrom(reader: TokenReader): ImportItem {
  const first = reader.take();
  const file = readFileName(reader, 'from');
  if (!reader.takeWord('import')) reader.fail(rules.expectedSymbol, ['import', printed(reader.token)]);
  const names: Name[] = [];
  const isAll = reader.takeSymbol('*');
  if (!isAll) {
    reader.list(';', () => names.push(reader.expectName('a function', () => 'expecting function name')));
    if (names.length === 0) reader.report(rules.emptyList, reader.token, ['function', ';']);
  }
  reader.expectSemicolon();
  return { kind: 'import', file, names: isAll ? 'all' : names, form: 'from', at: reader.placeFrom(first) };
}

function readEnum(reader: TokenReader): EnumItem {
  const first = reader.take();
  const name = reader.isSymbol('{') ? undefined : reader.expectName('an enum', (got) => `expecting { got ${got}`);
  const members: EnumMember[] = [];
  reader.expectSymbol('{');
  reader.list('}', () => {
    const member = reader.expectName('an enumerator', (got) => `expecting identifier, got ${got}`);
    const value = reader.takeSymbol('=')
      ? reader.expectValue('the value of an enumerator', (got) => `expecting enum value, got ${got}`)
      : undefined;
    members.push({ name: member, ...(value && { value }) });
  });
  reader.expectSymbol('}');
  reader.expectSemicolon();
  return { kind: 'enum', ...(name && { name }), members, at: reader.placeFrom(first) };
}

function readComposite(reader: TokenReader, kind: 'struct' | 'union'): CompositeItem {
  const first = reader.take();
  const name = reader.expectName(`a ${kind}`, (got) => `expecting struct/union name, got ${got}`);
  const members: Declaration[] = [];
  reader.expectSymbol('{');
  if (reader.isSymbol('}')) reader.report(rules.emptyList, reader.token, ['member', '}']);
  while (!reader.isSymbol('}') && !reader.isAtEnd) {
    recovering(reader, none, () => {
      members.push(readDeclaration(reader, 'member'));
      if (reader.isSymbol('}')) reader.report(rules.memberSemicolon, reader.token);
      else reader.expectSemicolon();
    });
  }
  reader.expectSymbol('}');
  reader.expectSemicolon();
  return { kind, name, members, at: reader.placeFrom(first) };
}

function readSection(reader: TokenReader, kind: 'trusted' | 'untrusted'): SectionItem {
  const first = reader.take();
  const includes: IncludeItem[] = [];
  const functions: FunctionDeclaration[] = [];
  reader.expectSymbol('{');
  let isForgotten = false;
  while (!reader.isSymbol('}') && !reader.isAtEnd && !reader.context.findings.isFull) {
    isForgotten = reader.closeForgottenBrace();
    if (isForgotten) break;
    recovering(reader, beginnersOfFunctions, () => {
      if (!reader.isWord('include')) {
        functions.push(readFunction(reader, kind));
        return;
      }
      const include = readInclude(reader);
      const rule = functions.length === 0 ? rules.includeInSection : rules.lateInclude;
      reader.report(rule, include.at, [include.header.text]);
      includes.push(include);
    });
  }
  if (!isForgotten) {
    reader.expectSymbol('}');
    reader.expectSemicolon();
  }
  return { kind, includes, functions, at: reader.placeFrom(first) };
}
