import type { Field } from '../structure.ts';

const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** True for `yyyymmdd` that names a day of the Gregorian calendar. */
export function isCalendarDate(text: string): boolean {
  if (!/^[0-9]{8}$/.test(text)) return false;
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(4, 6));
  const day = Number(text.slice(6, 8));
  if (month === 2 && day === 29 && !isLeapYear(year)) return false;
  return day >= 1 && day <= (daysOfMonth[month - 1] ?? 0);
}

/** SIGSTRUCT.DATE: eight BCD digits, so that the hexadecimal form of the number reads as the date. */
export const calendarDate: Field<string> = {
  sizeBytes: 4,
  read: (reader) => reader.u32().toString(16).padStart(8, '0'),
  write: (writer, value) => writer.u32(Number.parseInt(value, 16)),
};
