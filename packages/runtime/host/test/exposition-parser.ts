/**
 * A strict reader of the text exposition format 0.0.4, after its description by
 * Prometheus ("Exposition formats"): HELP and TYPE once before the samples of
 * their family, families not mixed, series not repeated, histograms whole.
 */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

export function parseExposition(text: string): readonly ParsedFamily[] {
  if (!text.endsWith('\n')) throw new Error('The last line does not end in a line feed.');
  const families: ParsedFamily[] = [];
  const seen = new Set<string>();
  const lines = text.slice(0, -1).split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const help = /^# HELP ([^ ]+) (.*)$/.exec(line);
    if (help !== null) {
      const type = /^# TYPE ([^ ]+) (counter|gauge|histogram)$/.exec(lines[++i] ?? '');
      const name = help[1] ?? '';
      if (type?.[1] !== name) throw new Error(`No TYPE behind the HELP of ${name}.`);
      if (!metricName.test(name) || families.some((family) => family.name === name)) {
        throw new Error(`Bad or repeated ${name}.`);
      }
      families.push({ name, type: type[2] ?? '', help: unescape(help[2] ?? '', /\\(?![\\n])/), samples: [] });
      continue;
    }
    const family = families.at(-1);
    const sample = parseSample(line);
    if (family === undefined || !belongs(sample.name, family)) throw new Error(`${line}: of no family.`);
    const key = JSON.stringify([sample.name, sorted(sample.labels)]);
    if (seen.has(key)) throw new Error(`${line}: repeated.`);
    seen.add(key);
    family.samples.push(sample);
  }
  for (const family of families) if (family.type === 'histogram') checkHistogram(family);
  return families;
}

function belongs(name: string, { name: family, type }: ParsedFamily): boolean {
  return type === 'histogram'
    ? [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name)
    : name === family;
}

function unescape(text: string, bad: RegExp): string {
  if (bad.test(text.replaceAll('\\\\', ''))) throw new Error(`A bad escape in ${JSON.stringify(text)}.`);
  return text.replaceAll(/\\([\\n"])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function parseSample(line: string): Sample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined) throw new Error(`${JSON.stringify(line)}: no sample.`);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    for (rest = rest.slice(1); !rest.startsWith('}');) {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,(?=[a-zA-Z_])|(?=\}))/.exec(rest);
      if (label === null || Object.hasOwn(labels, label[1] ?? '')) throw new Error(`${line}: bad labels.`);
      labels[label[1] ?? ''] = unescape(label[2] ?? '', /\\(?![\\n"])/);
      rest = rest.slice(label[0].length);
    }
    rest = rest.slice(1);
  }
  const value = /^ (-?\d+(?:\.\d+)?(?:e[+-]\d+)?|[+-]Inf|NaN)$/.exec(rest)?.[1];
  if (value === undefined) throw new Error(`${line}: no value.`);
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function checkHistogram({ name, samples }: ParsedFamily): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...rest } = sample.labels;
    const key = JSON.stringify(sorted(rest));
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number((labels['le'] ?? 'NaN').replace('Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    const isAscending = (values: readonly number[]) =>
      values.every((value, i) => i === 0 || value >= (values[i - 1] ?? 0));
    const isWhole = bounds.at(-1) === Infinity && counts.at(-1) === count && count !== undefined;
    if (!isWhole || !isAscending(bounds) || !isAscending(counts)) throw new Error(`${name}: a bad histogram.`);
    if (!group.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: no sum.`);
  }
}

function sorted(labels: Sample['labels']): readonly (readonly [string, string])[] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
