import { declareErrors } from '@enclos/errors';

export const codecErrors = declareErrors({
  CODEC_TRUNCATED: ['usage', 'The input ends before the value does.', 'Read the whole file or message.'],
  CODEC_TRAILING: ['usage', 'Bytes follow the end of the value.', 'Give exactly one value.'],
  CODEC_OUT_OF_RANGE: ['usage', 'A number, length or offset is out of range.', 'Check the value against its bound.'],
  CODEC_INVALID: ['usage', 'The bytes are not the canonical encoding of a value.', 'Check the format of the input.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof codecErrors, true> {}
}
