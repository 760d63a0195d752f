import type { ErrorArea } from './kinds.ts';

export const codecErrors = {
  CODEC_TRUNCATED: {
    kind: 'usage',
    summary: 'The input ends before the value does.',
    next: 'Check that the whole file or message was read.',
  },
  CODEC_TRAILING: {
    kind: 'usage',
    summary: 'Bytes follow the end of the value.',
    next: 'Check that the input holds exactly one value.',
  },
  CODEC_OUT_OF_RANGE: {
    kind: 'usage',
    summary: 'A number, length or offset is outside its allowed range.',
    next: 'Compare the value with the documented bound.',
  },
  CODEC_INVALID: {
    kind: 'usage',
    summary: 'The bytes are not a canonical encoding of the expected value.',
    next: 'Check the format of the input; non-canonical forms are refused.',
  },
} as const satisfies ErrorArea;
