import type { Place, SourceText } from '../source/place.ts';
import type { Trivia } from '../source/trivia.ts';

/** What stands in a file, as it stands there: nothing is resolved, and what only one dialect has is there, too. */
export interface EdlFile {
  readonly source: SourceText;
  readonly items: readonly Item[];
  /** Comments and directives, in their order, for the formatter. */
  readonly trivia: readonly Trivia[];
  /** The semicolon after the closing brace, which Intel's SDK needs. */
  readonly closing?: Place;
  readonly at: Place;
}

export type Item = IncludeItem | ImportItem | EnumItem | CompositeItem | SectionItem;

export interface Name {
  readonly text: string;
  readonly at: Place;
}

/** Decimal, without a sign. */
export interface IntegerLiteral {
  readonly value: bigint;
  readonly at: Place;
}

export interface IncludeItem {
  readonly kind: 'include';
  /** Without its quotation marks. */
  readonly header: Name;
  readonly at: Place;
}

export interface ImportItem {
  readonly kind: 'import';
  /** Without its quotation marks. */
  readonly file: Name;
  /** The functions that are imported: `import "F"` and `from "F" import *` have them all. */
  readonly names: readonly Name[] | 'all';
  /** How it is written. */
  readonly form: 'import' | 'from';
  readonly at: Place;
}

export interface EnumItem {
  readonly kind: 'enum';
  readonly name?: Name;
  readonly members: readonly EnumMember[];
  readonly at: Place;
}

export interface EnumMember {
  readonly name: Name;
  readonly value?: Name | IntegerLiteral;
}

export interface CompositeItem {
  readonly kind: 'struct' | 'union';
  readonly name: Name;
  readonly members: readonly Declaration[];
  readonly at: Place;
}

export interface SectionItem {
  readonly kind: 'trusted' | 'untrusted';
  /** In Intel's dialect a section begins with its own includes. */
  readonly includes: readonly IncludeItem[];
  readonly functions: readonly FunctionDeclaration[];
  readonly at: Place;
}

export interface FunctionDeclaration {
  /** `public`, or `private`, of a trusted function; absent when nothing is written. */
  readonly access?: Name;
  /** Before an untrusted function: a calling convention, `dllimport`. */
  readonly attributes?: AttributeBlock;
  readonly returns: TypeName;
  /** The dimensions of a returned array, which both dialects refuse. */
  readonly returnDimensions: readonly Dimension[];
  readonly name: Name;
  readonly parameters: readonly Declaration[];
  readonly allow?: { readonly names: readonly Name[]; readonly at: Place };
  /** `transition_using_threads`, `propagate_errno`, as they are written. */
  readonly suffixes: readonly Name[];
  readonly at: Place;
}

/** A parameter, or a member of a structure or union. */
export interface Declaration {
  readonly attributes?: AttributeBlock;
  readonly type: TypeName;
  readonly name: Name;
  readonly dimensions: readonly Dimension[];
  readonly at: Place;
}

export interface AttributeBlock {
  readonly attributes: readonly Attribute[];
  readonly at: Place;
}

export interface Attribute {
  readonly name: Name;
  readonly value?: Name | IntegerLiteral;
  readonly at: Place;
}

export interface Dimension {
  /** Absent in `[]`. */
  readonly value?: Name | IntegerLiteral;
  readonly at: Place;
}

export interface TypeName {
  readonly isConst: boolean;
  readonly base: BaseType;
  /** How many asterisks follow. */
  readonly pointers: number;
  readonly at: Place;
}

export type BaseType =
  | { readonly kind: 'basic'; readonly name: BasicTypeName }
  | { readonly kind: 'struct' | 'union' | 'enum'; readonly name: Name }
  /** A name that C knows from a header, or that the file defines as a structure, union or enumeration. */
  | { readonly kind: 'named'; readonly name: Name };

export type BasicTypeName =
  | 'void'
  | 'bool'
  | 'char'
  | 'unsigned char'
  | 'short'
  | 'unsigned short'
  | 'int'
  | 'unsigned int'
  | 'long'
  | 'unsigned long'
  | 'long long'
  | 'unsigned long long'
  | 'float'
  | 'double'
  | 'long double'
  | 'wchar_t'
  | 'size_t'
  | 'int8_t'
  | 'int16_t'
  | 'int32_t'
  | 'int64_t'
  | 'uint8_t'
  | 'uint16_t'
  | 'uint32_t'
  | 'uint64_t';
