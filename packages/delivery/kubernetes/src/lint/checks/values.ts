import { oneOfOf, valueRulesOf, type ValueForm, type ValueRule } from '../../schema/value-rules.ts';
import { isAbsent, type MapNode, type ScalarNode, type YamlNode } from '../../yaml/node.ts';
import { isLabelName, isSubdomainName } from '../names.ts';
import { meantBy, type Report } from '../report.ts';
import { checkConflicts } from './conflicts.ts';
import type { ObjectPlace } from './object-place.ts';

/** What the API server refuses in an object whose fields have the right types. */
export function checkValues(node: MapNode, place: ObjectPlace, report: Report): void {
  const rules = valueRulesOf(place.typeName);
  if (rules !== undefined) {
    for (const [name, { value }] of node.fields) {
      const rule = rules.get(name);
      if (rule !== undefined) checkNode(value, rule, pathOf(place, name), report);
    }
  }
  checkOneOf(node, place, report);
  checkConflicts(node, place, report);
}

const pathOf = ({ path }: ObjectPlace, name: string): string => (path === '' ? name : `${path}.${name}`);

function checkNode(node: YamlNode, rule: ValueRule, path: string, report: Report): void {
  if (isAbsent(node)) return;
  if (node.kind === 'list') {
    for (const [index, item] of node.items.entries()) checkNode(item, rule, `${path}[${index}]`, report);
  } else if (node.kind === 'map') {
    if (rule.of === 'form') checkMap(node, rule.form, path, report);
  } else checkScalar(node, rule, path, report);
}

function checkScalar(node: ScalarNode, rule: ValueRule, path: string, report: Report): void {
  const { value } = node;
  if (value === '') return;
  switch (rule.of) {
    case 'values': {
      // Of another type, it has been said.
      if (typeof value !== 'string' || rule.values.has(value)) return;
      const fix = (): string => meantBy(value, rule.values) ?? `Use one of ${[...rule.values].join(', ')}.`;
      return report('K8S_VALUE_INVALID', node, `${path} is ${shown(value)}, which Kubernetes does not know`, fix);
    }
    case 'range': {
      const { least, most } = rule;
      if (typeof value !== 'number' || (value >= least && value <= most)) return;
      const fix = most === Number.MAX_SAFE_INTEGER ? `At least ${least}.` : `From ${least} to ${most}.`;
      return report('K8S_VALUE_INVALID', node, `${path} is ${value}`, fix);
    }
    case 'form': {
      const form = forms[rule.form];
      if (form === undefined || form.fits(value)) return;
      return report('K8S_VALUE_INVALID', node, `${path} is ${shown(value)}`, `It must be ${form.wanted}.`);
    }
  }
}

const shown = (value: string | number | boolean | null): string => JSON.stringify(value).slice(0, 80);

/** IANA's form of the name of a service (RFC 6335, section 5.1). */
const portName = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;

interface Form {
  readonly wanted: string;
  readonly fits: (value: ScalarNode['value']) => boolean;
}

const ofText = (wanted: string, fits: (text: string) => boolean): Form => ({
  wanted,
  fits: (value) => typeof value !== 'string' || fits(value),
});

const portForm = (least: number): Form => ({
  wanted:
    'a port from 1 to 65535, or the name of one: at most 15 lower-case letters, digits and hyphens, with a letter',
  fits: (value) =>
    typeof value === 'number' ? value >= least && value <= 65_535 : typeof value !== 'string' || portName.test(value),
});

/** The forms of single values; those of maps are in {@link checkMap}. */
const forms: Readonly<Partial<Record<ValueForm, Form>>> = {
  label: ofText('at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends', isLabelName),
  subdomain: ofText(
    'lower-case letters, digits, hyphens and dots, with a letter or digit at both ends',
    isSubdomainName,
  ),
  port: portForm(1),
  // Zero is taken for none.
  'target-port': portForm(0),
  'port-name': ofText('at most 15 lower-case letters, digits and hyphens, with a letter', (text) =>
    portName.test(text),
  ),
  variable: ofText('printable characters without "="', (text) => /^[ -<>-~]+$/.test(text)),
};

const labelName = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const dataKey = /^[-._a-zA-Z0-9]{1,253}$/;

/** `name`, or `prefix/name` with a domain before it. */
function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  return labelName.test(text.slice(slash + 1)) && (slash < 0 || isSubdomainName(text.slice(0, slash)));
}

function checkMap({ fields }: MapNode, form: ValueForm, path: string, report: Report): void {
  for (const [name, { key, value }] of fields) {
    if (form === 'keys') {
      if (dataKey.test(name) && name !== '.' && !name.startsWith('..')) continue;
      report('K8S_LABEL_INVALID', key, `${path} has the key ${shown(name)}`, 'Use letters, digits, "-", "_" and ".".');
      continue;
    }
    // Those of annotations may be in upper case.
    if (!isQualifiedName(form === 'annotations' ? name.toLowerCase() : name)) {
      report('K8S_LABEL_INVALID', key, `${path} has the key ${shown(name)}`);
    }
    const text = value.kind === 'scalar' ? value.value : undefined;
    if (form !== 'labels' || typeof text !== 'string' || text === '' || labelName.test(text)) continue;
    report('K8S_LABEL_INVALID', value, `${path}: the value of ${shown(name)} is ${shown(text)}`);
  }
}

function checkOneOf({ fields }: MapNode, { typeName, path, span }: ObjectPlace, report: Report): void {
  const group = oneOfOf(typeName);
  if (group === undefined) return;
  const there = group.fields.filter((name) => !isAbsent(fields.get(name)?.value));
  const choices = group.fields.length > 6 ? '' : ` of ${group.fields.join(', ')}`;
  if (there.length > 1) {
    const [, second = ''] = there;
    const at = fields.get(second)?.key ?? span;
    report('K8S_ONE_OF', at, `${path} has ${there.join(' and ')}`, `Keep one${choices}.`);
  } else if (there.length === 0 && group.required) {
    report('K8S_ONE_OF', span, `${path} has none${choices}`, `Write one${choices}.`);
  }
}
