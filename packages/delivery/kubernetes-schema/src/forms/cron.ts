/** A field of a schedule: its bounds, and the names that stand for its numbers. */
interface CronField {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly CronField[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: months },
  { least: 0, most: 6, names: days },
];
const descriptors = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/;
const every = /^@every [+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
/** No useful schedule is longer. */
const longest = 1000;

/** Whether the controller of CronJobs can read a schedule: the standard form of github.com/robfig/cron, version 3. */
export function isSchedule(text: string): boolean {
  if (text.length > longest) return false;
  if (text.startsWith('@')) return descriptors.test(text) || every.test(text);
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length) return false;
  return fields.every((field, index) =>
    (parts[index] ?? '').split(',').every((part) => part === '' || isRange(part, field)),
  );
}

/** `5`, `1-5`, `*`, each with or without a step. */
function isRange(text: string, field: CronField): boolean {
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0 || (step !== undefined && !(/^\d{1,9}$/.test(step) && Number(step) > 0))) return false;
  const [first = '', last, ...others] = range.split('-');
  if (others.length > 0) return false;
  if (first === '*' || first === '?') return true;
  const start = numberOf(first, field);
  // `5/15` goes on from 5 to the end.
  const end = last === undefined ? (step === undefined ? start : field.most) : numberOf(last, field);
  if (start === undefined || end === undefined) return false;
  return start >= field.least && end <= field.most && start <= end;
}

function numberOf(text: string, { least, names }: CronField): number | undefined {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  if (index >= 0) return index + least;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
