import type { ManifestFile, NamedObject } from '@enclos/kubernetes/manifests';
import { yamlOf } from '@enclos/kubernetes-schema/yaml';
import type { Assignment } from './conditions.ts';
import { merge } from './merge.ts';
import { settingsTable, valuesFile, valuesSchema } from './values.ts';
import type { AnyValue, SettingValues, Settings } from './settings.ts';
import { StandIns } from './stand-ins.ts';
import { TemplateWriter } from './template.ts';

/** What a chart is made from. */
export interface ChartSource<S extends Settings> {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** As Helm writes it: `>=1.30.0-0`. */
  readonly kubeVersion: string;
  readonly settings: S;
  /** What cannot be set together: a setting, and those that stay empty beside it. The schema of the values refuses both. */
  readonly exclusions?: readonly (readonly [setting: keyof S & string, others: readonly (keyof S & string)[]])[];
  /** The objects for some settings, with the names of their files: what kustomize gets. */
  readonly objects: (values: SettingValues<S>) => readonly NamedObject[];
  /** What the README says before the table of values. */
  readonly introduction: string;
}

/**
 * A chart of Helm whose templates make what `objects` makes, for all settings: the function is called with each combination
 * of settings that are empty or not, and what differs becomes a condition. So there is no second description to keep equal.
 * @returns files, whose names have folders
 * @throws TypeError where the objects differ with the settings in a way that a simple template cannot
 * @example
 * chartFiles({ name: 'web', version: '1.0.0', description: 'A page', kubeVersion: '>=1.30.0-0', introduction: '', settings: {
 *   name: { kind: 'text', fallback: 'web', pattern: '^[a-z]+$', summary: 'The name' },
 * }, objects: ({ name }) => [['namespace.yaml', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }]] });
 */
export function chartFiles<S extends Settings>(source: ChartSource<S>): readonly ManifestFile[] {
  const { name, version, description, kubeVersion, settings } = source;
  const chart = { apiVersion: 'v2', name, version, appVersion: version, description, type: 'application', kubeVersion };
  const file = (fileName: string, text: string): ManifestFile => ({ name: fileName, text, isSecret: false });
  return [
    file('Chart.yaml', yamlOf(chart)),
    file('README.md', `# ${name}\n\n${description}\n\n${source.introduction}\n\n${settingsTable(settings)}`),
    file('values.yaml', valuesFile(settings)),
    file('values.schema.json', valuesSchema(settings, source.exclusions)),
    ...templates(source).map(([fileName, text]) => file(`templates/${fileName}`, text)),
  ];
}

function templates<S extends Settings>({ settings, objects }: ChartSource<S>): readonly (readonly [string, string])[] {
  const standIns = new StandIns(settings);
  const names = Object.keys(settings).filter((name) => mayBeEmpty(settings, name));
  const files = new Map<string, Map<Assignment, unknown>>();
  const all = Array.from({ length: 2 ** names.length }, (_, assignment) => assignment);
  for (const assignment of all) {
    const values: [string, AnyValue][] = Object.keys(settings).map((name) => {
      const bit = names.indexOf(name);
      return [name, standIns.valueOf(name, bit < 0 || ((assignment >> bit) & 1) === 1)];
    });
    // Each has the kind that its setting says.
    for (const [file, object] of objects(Object.fromEntries(values) as SettingValues<S>)) {
      const variants = files.get(file) ?? new Map<Assignment, unknown>();
      // As the API server reads it: without what is undefined.
      variants.set(assignment, JSON.parse(JSON.stringify(object)) as unknown);
      files.set(file, variants);
    }
  }
  const writer = new TemplateWriter(settings, standIns);
  return [...files].map(([file, variants]) => [file, writer.write(merge(names, all, variants))]);
}

function mayBeEmpty(settings: Settings, name: string): boolean {
  const setting = settings[name];
  if (setting === undefined || setting.kind === 'text') return false;
  return setting.kind !== 'count' || setting.least === 0;
}
