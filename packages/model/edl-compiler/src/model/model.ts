import type { DialectChoice } from '../source/dialect.ts';
import type { BasicTypeName } from '../syntax/tree.ts';

/**
 * An interface that was checked: every name is resolved, every import is merged, every rule holds. Plain frozen data without
 * places, so that it can be written as JSON and read again.
 */
export interface EdlModel {
  /** The file's name without its folder and ending, a C identifier. */
  readonly name: string;
  /** Whose rules it keeps: `both` only when both compilers accept it. */
  readonly dialect: DialectChoice;
  /** C headers, without quotation marks, each once. */
  readonly includes: readonly string[];
  readonly enums: readonly EnumModel[];
  /** Each after those that it contains by value. */
  readonly composites: readonly CompositeModel[];
  /** A function's index is its place here, as the SDK of the dialect counts: functions of the file, then imported ones. */
  readonly ecalls: readonly EcallModel[];
  readonly ocalls: readonly OcallModel[];
  /**
   * Names that C headers define, each once, in the order of their first use: types (`pid_t`, `struct point`, `*handle_t` for what
   * `handle_t` points to) and constants that lengths of arrays name. What they are has to be told (see `ForeignTypes` of the layout).
   */
  readonly foreign: readonly string[];
}

export interface EnumModel {
  /** Empty for an anonymous one. */
  readonly name: string;
  /** Set when a value needs more than 32 bits: GCC gives such a type 8 bytes, and every other one 4. */
  readonly isWide?: true;
  /** Values as C counts them. One that a C header defines (`= NAME`), or that follows such a one, is absent. */
  readonly members: readonly { readonly name: string; readonly value?: number }[];
}

export interface CompositeModel {
  readonly kind: 'struct' | 'union';
  readonly name: string;
  readonly members: readonly MemberModel[];
  /**
   * Whether a member is a pointer that is followed. Such a structure is copied deeply when a pointer to it is passed. Neither SDK
   * follows pointers of members that are structures by value; Intel's follows none of what a followed pointer leads to.
   */
  readonly isDeep: boolean;
}

export interface MemberModel {
  readonly name: string;
  readonly type: CType;
  /** Only for a pointer that is followed. */
  readonly extent?: Extent;
}

export interface FunctionModel {
  readonly name: string;
  readonly returns: CType;
  readonly parameters: readonly ParameterModel[];
  readonly isSwitchless: boolean;
}

export interface EcallModel extends FunctionModel {
  /** Whether the host may call it at any time. Others are called while an OCALL that allows it is under way. */
  readonly isPublic: boolean;
}

export interface OcallModel extends FunctionModel {
  /** Indexes of the ECALLs that may be made while it is under way. */
  readonly allows: readonly number[];
  readonly propagatesErrno: boolean;
}

export interface ParameterModel {
  readonly name: string;
  readonly type: CType;
  readonly passing: Passing;
}

/** How a parameter crosses the boundary. */
export type Passing =
  | { readonly kind: 'value' }
  /** Memory that is copied: what a pointer leads to, a declared array, or a foreign type that is a pointer or an array. */
  | {
      readonly kind: 'buffer';
      readonly direction: Direction;
      /**
       * One element of what is pointed at; `void` means bytes. The foreign type `*NAME` is what the foreign type NAME, an `isptr`,
       * points to.
       */
      readonly element: CType;
      readonly extent: Extent;
      readonly isReadOnly: boolean;
    }
  /** Up to and with the terminator. `char` or `wchar_t` (4 bytes). */
  | { readonly kind: 'string'; readonly direction: 'in' | 'inout'; readonly isWide: boolean }
  /** An address that is not checked: `user_check`, or a pointer without attributes in Open Enclave's dialect. */
  | {
      readonly kind: 'unchecked';
      /** Only for a foreign type: what the file says of it. */
      readonly foreign?: readonly ForeignWord[];
    };

export type ForeignWord = 'isptr' | 'isary' | 'readonly';

export type Direction = 'in' | 'out' | 'inout';

/**
 * How many bytes a buffer has: `size`, or the size of an element, times `count`, or the product of `elements`.
 */
export interface Extent {
  readonly size?: Measure;
  readonly count?: Measure;
  /** The dimensions of a declared array; none for a bare pointer, which is 1 element. `size` and `count` never stand beside them. */
  readonly elements: readonly Length[];
}

/** A number, or the name of a parameter (or member of the same structure) that holds it. */
export type Measure = { readonly value: number } | { readonly name: string };

/** A number, or the name of a constant that a C header defines. */
export type Length = number | string;

export type CType =
  | { readonly kind: 'basic'; readonly name: BasicTypeName }
  | { readonly kind: 'enum' | 'struct' | 'union'; readonly name: string }
  | { readonly kind: 'foreign'; readonly name: string }
  | { readonly kind: 'pointer'; readonly to: CType; readonly isConst: boolean }
  /** More dimensions are an array of arrays. */
  | { readonly kind: 'array'; readonly of: CType; readonly length: Length };
