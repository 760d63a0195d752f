import type { EdlValue } from '../arena/values.ts';

/** Where a value stands, and what to call it in a refusal. */
export interface Spot {
  readonly view: DataView;
  readonly at: number;
  readonly path: string;
  /** Whether nothing else reads the memory, so that a large value may keep it. */
  readonly isOurs?: boolean;
}

/** How one value of a type is written and read. */
export interface ValueForm {
  readonly bytes: number;
  /** Bytes of memory that a value of it takes here, about; what an enclave makes us allocate is bounded by it. */
  readonly cost: number;
  /** @throws EDL_VALUE_REFUSED */
  readonly write: (spot: Spot, value: unknown) => void;
  /** @throws EDL_VALUE_REFUSED for bytes that no value has */
  readonly read: (spot: Spot) => EdlValue;
}

/** How many values of a type, one after the other, are written and read. */
export interface SequenceForm {
  readonly elementBytes: number;
  /** As of `ValueForm`, for each element. */
  readonly cost: number;
  /** @throws EDL_VALUE_REFUSED when it is not such a sequence */
  readonly count: (value: unknown, path: string) => number;
  /** Writes all elements of a value that was counted. */
  readonly write: (spot: Spot, value: unknown) => void;
  readonly read: (spot: Spot, count: number) => EdlValue;
}

/** A member that the value itself has: names such as `constructor` are names of C, too. */
export function ownMember(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}
