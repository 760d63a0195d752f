import { oneOfOf, valueRulesOf, type MapForm, type ValueRule } from '../schema/value-rules.ts';
import { isDataKey, isLabelValue, isQualifiedName } from '../forms/names.ts';
import { isAbsent, textOf, type MapNode, type ScalarNode, type YamlNode } from '../yaml/node.ts';
import { meantBy, type Report } from '../report.ts';
import { forms } from './text-forms.ts';
import type { View } from '../view/view.ts';

/** What the API server refuses in single fields of an object whose fields have the right types. */
export function checkValues(view: View): void {
  const rules = valueRulesOf(view.typeName);
  if (rules !== undefined) {
    for (const [name, { value }] of view.node.fields) {
      const rule = rules.get(name);
      if (rule !== undefined) checkNode(value, rule, view.pathOf(name), view.report);
    }
  }
  checkOneOf(view);
}

function checkNode(node: YamlNode, rule: ValueRule, path: string, report: Report): void {
  if (isAbsent(node)) return;
  if (node.kind === 'list') {
    const ofItems = { ...rule, refusesEmpty: true };
    // Null in a list is an empty text, or zero.
    const ofNull = rule.of === 'range' ? 0 : '';
    for (const [index, item] of node.items.entries()) {
      if (item.kind !== 'scalar') continue;
      const scalar = item.value === null ? { ...item, value: ofNull } : item;
      checkScalar(scalar, ofItems, `${path}[${index}]`, report);
    }
  } else if (node.kind === 'map') {
    if (rule.of === 'map') checkMap(node, rule.form, path, report);
  } else checkScalar(node, rule, path, report);
}

function checkScalar(node: ScalarNode, rule: ValueRule, path: string, report: Report): void {
  const { value } = node;
  if (value === '' && !rule.refusesEmpty) return;
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
      if (form.fits(value)) return;
      return report('K8S_VALUE_INVALID', node, `${path} is ${shown(value)}`, `It must be ${form.wanted}.`);
    }
    case 'map':
      // Of another type, it has been said.
      return;
  }
}

const shown = (value: string | number | boolean | null): string => JSON.stringify(value).slice(0, 80);

/** All annotations of an object together. */
const mostAnnotationBytes = 256 * 1024;

function checkMap({ fields }: MapNode, form: MapForm, path: string, report: Report): void {
  let bytes = 0;
  for (const [name, { key, value }] of fields) {
    if (form === 'keys') {
      if (isDataKey(name)) continue;
      report('K8S_LABEL_INVALID', key, `${path} has the key ${shown(name)}`, 'Use letters, digits, "-", "_" and ".".');
      continue;
    }
    // Those of annotations may be in upper case.
    if (!isQualifiedName(form === 'annotations' ? name.toLowerCase() : name)) {
      report('K8S_LABEL_INVALID', key, `${path} has the key ${shown(name)}`);
    }
    const text = textOf(value) ?? '';
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
    if (form !== 'labels' || isLabelValue(text)) continue;
    report('K8S_LABEL_INVALID', value, `${path}: the value of ${shown(name)} is ${shown(text)}`);
  }
  const [first] = fields.values();
  if (form !== 'annotations' || bytes <= mostAnnotationBytes || first === undefined) return;
  report(
    'K8S_LABEL_INVALID',
    first.key,
    `${path} has ${bytes} bytes, and may have 262144`,
    'Remove some, or move them into a ConfigMap.',
  );
}

function checkOneOf(view: View): void {
  const group = oneOfOf(view.typeName);
  if (group === undefined) return;
  const { path } = view;
  const there = group.fields.filter((name) => view.has(name));
  const choices = group.fields.length > 6 ? '' : ` of ${group.fields.join(', ')}`;
  if (there.length > 1) {
    const [, second = ''] = there;
    view.report('K8S_ONE_OF', view.spanOf(second), `${path} has ${there.join(' and ')}`, `Keep one${choices}.`);
  } else if (there.length === 0 && group.required) {
    view.report('K8S_ONE_OF', view.span, `${path} has none${choices}`, `Write one${choices}.`);
  }
}
