/**
 * The text exposition format of Prometheus, version 0.0.4, for the three kinds of metrics that are needed here. The names are
 * ours; label values come from outside.
 */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;

/** A metric with all its series. */
export interface Family {
  /** Its lines, each with its line feed. */
  render(): string;
}

export interface FamilyOptions {
  readonly name: string;
  readonly help: string;
}

export interface Value extends Family {
  add(labels: Labels, amount?: number): void;
  /** One series, which is 0 from now on, for code that adds to it often. */
  series(labels: Labels): (amount: number) => void;
}

export function createValue(type: 'counter' | 'gauge', options: FamilyOptions): Value {
  const all = new Map<string, { value: number }>();
  const of = (labels: Labels): { value: number } => {
    const key = renderLabels(labels);
    const found = all.get(key) ?? { value: 0 };
    all.set(key, found);
    return found;
  };
  return Object.freeze({
    add(labels: Labels, amount = 1) {
      of(labels).value += amount;
    },
    series(labels: Labels) {
      const found = of(labels);
      return (amount: number) => void (found.value += amount);
    },
    render() {
      const lines = [...all].map(([labels, { value }]) => sample(options.name, labels, value));
      return header(type, options) + lines.join('');
    },
  });
}

export interface Histogram extends Family {
  observe(labels: Labels, value: number): void;
  /** One series, for code that observes it often. */
  series(labels: Labels): (value: number) => void;
}

interface Buckets {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
  count: number;
}

/** @param bounds upper bounds, ascending; +Inf is added. */
export function createHistogram(bounds: readonly number[], options: FamilyOptions): Histogram {
  const all = new Map<string, Buckets>();
  const allBounds = [...bounds, Infinity];
  const linesOf = ({ labels, counts, sum, count }: Buckets): string => {
    let below = 0;
    const atMost = counts.map((found) => (below += found));
    return histogramLines(options.name, bounds, { labels, atMost, sum, count });
  };
  const of = (labels: Labels): Buckets => {
    const key = renderLabels(labels);
    const found = all.get(key) ?? { labels, counts: allBounds.map(() => 0), sum: 0, count: 0 };
    all.set(key, found);
    return found;
  };
  const add = (found: Buckets, value: number): void => {
    const bucket = allBounds.findIndex((bound) => value <= bound);
    found.counts[bucket] = (found.counts[bucket] ?? 0) + 1;
    found.sum += value;
    found.count += 1;
  };
  return Object.freeze({
    observe: (labels: Labels, value: number) => add(of(labels), value),
    series(labels: Labels) {
      const found = of(labels);
      return (value: number) => add(found, value);
    },
    render: () => header('histogram', options) + [...all.values()].map(linesOf).join(''),
  });
}

/** A metric whose values are looked up when they are read. */
export function createView(options: FamilyOptions, read: () => readonly (readonly [Labels, number])[]): Family {
  return Object.freeze({
    render: () =>
      header('gauge', options) +
      read()
        .map(([labels, value]) => sample(options.name, renderLabels(labels), value))
        .join(''),
  });
}

/** One series of a histogram that is counted elsewhere. */
export interface CountedSeries {
  readonly labels: Labels;
  /** The number of values up to each bound; `count` is the number up to infinity. */
  readonly atMost: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** A histogram whose values are looked up when they are read. @param bounds upper bounds, ascending, without +Inf. */
export function createHistogramView(
  bounds: readonly number[],
  options: FamilyOptions,
  read: () => readonly CountedSeries[],
): Family {
  return Object.freeze({
    render: () =>
      header('histogram', options) +
      read()
        .map((series) => histogramLines(options.name, bounds, series))
        .join(''),
  });
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, atMost, sum, count }: CountedSeries,
): string {
  const buckets = [...bounds, Infinity].map((bound, i) => {
    const below = bound === Infinity ? count : (atMost[i] ?? 0);
    return sample(`${name}_bucket`, renderLabels({ ...labels, le: formatNumber(bound) }), below);
  });
  const own = renderLabels(labels);
  return buckets.join('') + sample(`${name}_sum`, own, sum) + sample(`${name}_count`, own, count);
}

function header(type: string, { name, help }: FamilyOptions): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
}

function sample(name: string, labels: string, value: number): string {
  return `${name}${labels} ${formatNumber(value)}\n`;
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

/** Within a label value a backslash, a quote and a line feed are escaped, and nothing else. */
function renderLabels(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${escaped}"`;
  });
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}
