import type { ErrorArea } from './kinds.ts';

export const edlErrors = {
  EDL_INVALID_INTERFACE: {
    kind: 'usage',
    summary: 'An interface, or a type in it, is not defined correctly.',
    next: 'Correct the definition that the message names: a bound is missing or wrong, a name is refused, or a handler is absent.',
  },
  EDL_VALUE_REFUSED: {
    kind: 'usage',
    summary: 'A value does not fit its declared type or bounds.',
    next: 'Compare the value at the named path with the interface definition, and check that both sides were built from it.',
  },
  EDL_UNKNOWN_FUNCTION: {
    kind: 'usage',
    summary: 'The interface has no function with this index.',
    next: 'Build both sides from the same interface definition.',
  },
} as const satisfies ErrorArea;
