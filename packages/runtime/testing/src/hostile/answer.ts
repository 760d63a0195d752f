import { utf8 } from '@enclos/codec';

/** What a host answers to one call of its enclave, as bytes: below every codec, where a host can say anything. */
export interface HostAnswer {
  /** The function that the enclave called: one of its interface, or of the system, such as `mountRead`. */
  readonly function: string;
  /** The encoded result, or the encoded error. */
  readonly payload: Uint8Array;
  /** Whether it is an error. */
  readonly isError: boolean;
}

/** What a behaviour may use besides the answer. */
export interface HostHand {
  /** A whole number from 0 to below `below`, by the seed of the host. */
  readonly random: (below: number) => number;
  /** The results that the function had before, oldest first: at most 64. */
  readonly earlier: readonly Uint8Array[];
}

/**
 * What a hostile host does with its answers. It returns what is sent, undefined for nothing, or a promise of it for later.
 * Behaviours follow each other, so each gets what the one before it made.
 */
export type Behaviour = (
  answer: HostAnswer,
  hand: HostHand,
) => HostAnswer | undefined | Promise<HostAnswer | undefined>;

/** The payload of an error: its code and its message, of any form and length. */
export function throwPayload(code: string, message = ''): Uint8Array {
  return Buffer.concat([Uint8Array.of(code.length & 0xff, code.length >> 8), utf8(code), utf8(message)]);
}
