/** The field `date` (RFC 9110 section 6.6.1) with its line end; `''` without a date. */
export type DateField = () => string;

/** @param date undefined, or a date that is none, for no field. */
export function createDateField(date: () => Date | undefined): DateField {
  let second = Number.NaN;
  let field = '';
  return () => {
    const at = Math.floor((date()?.getTime() ?? Number.NaN) / 1000);
    // One text serves all answers of a second: making it costs more than the rest of a head.
    if (at !== second) {
      second = at;
      field = Number.isNaN(at) ? '' : `date: ${new Date(at * 1000).toUTCString()}\r\n`;
    }
    return field;
  };
}
