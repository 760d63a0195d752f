import { EnclosError } from '@enclos/errors';

const utcPattern = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const generalizedPattern = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/**
 * Decodes a DER time in the profile of RFC 5280 section 4.1.2.5: seconds
 * present, Zulu, no fraction; UTCTime through 2049, GeneralizedTime from 2050.
 *
 * @returns milliseconds since 1970.
 * @throws CODEC_INVALID for another form, a day that does not exist, or the wrong type for the year.
 */
export function decodeTime(content: Uint8Array, generalized: boolean): number {
  const text = String.fromCharCode(...content.subarray(0, 16));
  const match = (generalized ? generalizedPattern : utcPattern).exec(text);
  if (match === null) throw new EnclosError('CODEC_INVALID', 'Not a DER time of the RFC 5280 profile.');
  const [given = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const year = generalized ? given : given + (given >= 50 ? 1900 : 2000);
  if (generalized && year < 2050) throw new EnclosError('CODEC_INVALID', 'A GeneralizedTime before 2050.');
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(time);
  const exists =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!exists) throw new EnclosError('CODEC_INVALID', 'A DER time that does not exist.');
  return time;
}
