import { fallbackOf, type Setting, type Settings } from './settings.ts';

/** values.yaml: every setting with its fallback, and what it is for. */
export function valuesFile(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, setting]) => `# ${setting.summary}\n${name}: ${JSON.stringify(fallbackOf(setting) ?? '')}\n`)
    .join('\n');
}

/** values.schema.json, which Helm holds values to before it renders anything. Unknown names are refused. */
export function valuesSchema(
  settings: Settings,
  exclusions: readonly (readonly [string, readonly string[]])[] = [],
): string {
  const properties: Record<string, object> = Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, schemaOf(setting)]),
  );
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    additionalProperties: false,
    required: Object.keys(settings),
    properties: {
      ...properties,
      // Helm adds it where a chart is part of another.
      global: { type: 'object' },
    },
    ...(exclusions.length === 0 ? {} : { allOf: exclusions.map((exclusion) => exclusionOf(settings, exclusion)) }),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** With `then`, and not with `not`, so that Helm names the value that has to be empty. */
function exclusionOf(settings: Settings, [name, others]: readonly [string, readonly string[]]): object {
  const empty = (setting: string): object => ({ [setting]: { const: emptyOf(settings[setting]) } });
  return {
    if: { not: { properties: empty(name) } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: Object.assign({}, ...others.map(empty)) as object },
  };
}

function emptyOf(setting: Setting | undefined): unknown {
  if (setting?.kind === 'flag') return false;
  if (setting?.kind === 'count') return 0;
  return setting?.kind === 'list' ? [] : '';
}

/** For bundles of certificates. */
const longestText = 100_000;

function schemaOf(setting: Setting): object {
  const { kind, summary: description } = setting;
  if (kind === 'flag') return { type: 'boolean', description };
  if (kind === 'count') return { type: 'integer', minimum: setting.least, maximum: setting.most, description };
  const text = { type: 'string', pattern: setting.pattern, maxLength: longestText };
  if (kind === 'list') return { type: 'array', items: text, description };
  const mayBeEmpty = kind === 'optional' || setting.whenEmpty !== undefined;
  return mayBeEmpty ? { description, anyOf: [{ const: '' }, text] } : { ...text, description };
}

/** The settings as a table of Markdown. */
export function settingsTable(settings: Settings): string {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const value = JSON.stringify(fallbackOf(setting) ?? '');
    return `| \`${name}\` | ${value === '""' ? '' : `\`${value}\``} | ${setting.summary} |`;
  });
  return ['| value | default | what it is |', '|---|---|---|', ...rows, ''].join('\n');
}
