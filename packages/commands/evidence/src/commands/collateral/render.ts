import { markOf, renderFacts, type Mark } from '@enclos/cli-frame/output';
import type { Examined, ItemReport, Notice } from '@enclos/endorsements';
import { printable, type Printer } from '@enclos/command-line';
import { isInForce } from './collateral.ts';

const marks: Readonly<Record<Examined['freshness'], Mark>> = {
  fresh: 'ok',
  due: 'warning',
  expired: 'failure',
  'not-yet-valid': 'failure',
};

/** The items that were fetched, with the notices about them. */
export function renderFetched(
  { items, notices }: { readonly items: readonly ItemReport[]; readonly notices: readonly Notice[] },
  printer: Printer,
): void {
  warnOfDates(items, printer);
  for (const { item, origin, freshness, expiresAt, evaluationNumber } of items) {
    const number = evaluationNumber === undefined ? '' : `, evaluation number ${evaluationNumber}`;
    printer.line(
      `${markOf(marks[freshness], printer)} ${printable(item)}  from ${origins[origin]}, until ${expiresAt}${number}`,
    );
  }
  for (const { item, message } of notices) {
    printer.line(`${markOf('warning', printer)} ${printable(item)}: ${printable(message)}`);
  }
}

/** Comes first: items that are not in force, on which no verdict should rest. */
function warnOfDates(items: readonly Pick<Examined, 'freshness'>[], printer: Printer): void {
  const count = items.filter((item) => !isInForce(item)).length;
  if (count === 0) return;
  printer.line(
    `${markOf('warning', printer)} ${count} of ${items.length} have expired or are not yet valid: do not rely on a verdict that uses them.`,
  );
}

const origins = { network: 'the source', store: 'the cache', stale: 'the cache, although it is old' } as const;

/** The items of a cache: their source, age and end, and what to do. */
export function renderExamined(items: readonly Examined[], printer: Printer): void {
  if (items.length === 0) printer.line('The cache is empty.');
  warnOfDates(items, printer);
  for (const found of items) {
    printer.line(`${markOf(markFor(found), printer)} ${printer.paint('bold', printable(found.item))}`);
    renderFacts(
      [
        ['source', found.source],
        ['fetched', `${found.fetchedAt.slice(0, 19)}Z, ${duration(found.ageSeconds)} ago`],
        ['issued', `${found.issuedAt}, ${duration(found.issueAgeSeconds)} ago`],
        ['until', found.expiresAt],
        ...baselineFacts(found),
        ...(found.advice === undefined ? [] : [['fix', found.advice] as const]),
      ],
      printer,
    );
  }
}

/** A baseline that lags is not a fault, but deserves a look. */
function markFor({ freshness, advice }: Examined): Mark {
  return freshness === 'fresh' && advice !== undefined ? 'warning' : marks[freshness];
}

function baselineFacts({ evaluationNumber, lag }: Examined): readonly (readonly [string, string])[] {
  if (evaluationNumber === undefined) return [];
  if (lag === undefined) return [['evaluation', `${evaluationNumber}`]];
  const since = lag.since === undefined ? '' : `, since ${lag.since.slice(0, 10)}`;
  const place = lag.behind === 0 ? 'the newest' : `${lag.behind} below the newest, ${lag.newest}${since}`;
  return [['evaluation', `${evaluationNumber}: ${place}`]];
}

function duration(seconds: number): string {
  const [size, unit] =
    Math.abs(seconds) >= 172_800 ? [86_400, 'days'] : Math.abs(seconds) >= 7200 ? [3600, 'hours'] : [60, 'minutes'];
  return `${Math.floor(seconds / size)} ${unit}`;
}
