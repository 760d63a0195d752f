import type { View } from '../view/view.ts';
import { compareQuantities, parseQuantity, type Quantity } from '../forms/quantity.ts';
import {
  isCountedResource,
  isExtendedResource,
  isHugePages,
  isResourceName,
  mayOvercommit,
  type Asker,
} from '../forms/resource-names.ts';
import type { Span } from '../yaml/node.ts';
import { checkUnique, keysIn, type TypeRules } from '../view/rule.ts';

/** One resource of a list, such as a limit. */
export interface Amount {
  readonly name: string;
  readonly text: string;
  readonly key: Span;
  readonly value: Span;
  readonly quantity: Quantity;
}

const none: Quantity = { integer: 0n, numerator: 0n, denominator: 1n };

/** The amounts of a field; what is not a quantity has been reported. Null is none. */
export function amountsOf(view: View, field: string): ReadonlyMap<string, Amount> {
  return new Map(
    view.entries(field).flatMap(([name, { key, value }]) => {
      if (value.kind !== 'scalar') return [];
      const text = value.value === null ? '0' : String(value.value);
      const quantity = value.value === null ? none : parseQuantity(text);
      const span = value.end > value.start ? value : key;
      return quantity === undefined ? [] : [[name, { name, text, key, value: span, quantity }] as const];
    }),
  );
}

/** A field that is one quantity; undefined where it is absent or is not a quantity. */
export function amountOf(view: View, field: string): Quantity | undefined {
  const node = view.raw(field);
  return node?.kind === 'scalar' ? parseQuantity(String(node.value)) : undefined;
}

export const resourceRules: TypeRules = {
  V1ResourceRequirements(view) {
    const ofPod = view.parent?.typeName === 'V1PodSpec';
    checkRequirements(view, ofPod ? 'pod' : 'container');
    if (ofPod && view.has('claims')) view.conflict('claims', 'is for containers', 'Move it into a container.');
  },
  V1VolumeResourceRequirements(view) {
    const requests = amountsOf(view, 'requests').get('storage');
    if (requests === undefined) {
      view.missing('requests', 'Say how much is wanted: requests: {storage: 1Gi}.');
    } else if (requests.quantity.numerator <= 0n) {
      view.report(
        'K8S_VALUE_INVALID',
        requests.value,
        `${view.path}.requests["storage"] is ${requests.text}`,
        'More than 0.',
      );
    }
  },
  /** A claim of devices (resource.k8s.io). */
  V1DeviceClaim(view) {
    const requests = view.each('requests');
    checkUnique(view, keysIn(requests, 'name'), (key) => `two requests are named "${key.slice(0, 80)}"`);
    const names = new Set(
      requests.flatMap((request) => {
        const name = request.text('name');
        return [name, ...request.each('firstAvailable').map((one) => `${name}/${one.text('name')}`)];
      }),
    );
    for (const place of [...view.each('constraints'), ...view.each('config')]) {
      for (const { text, span } of place.texts('requests')) {
        if (names.has(text)) continue;
        const words = `${place.path} names the request ${JSON.stringify(text.slice(0, 80))}, which the claim does not have`;
        view.report('K8S_FIELDS_CONFLICT', span, words, 'Use the name of one of the requests.');
      }
    }
  },
  V1Overhead: (view) => void checkAmounts(view, 'podFixed', 'container'),
};

function checkRequirements(view: View, asker: Asker): void {
  const limits = checkAmounts(view, 'limits', asker);
  const requests = checkAmounts(view, 'requests', asker);
  for (const request of requests.values()) checkRequest(view, request, limits.get(request.name));
  const names = [...limits.keys(), ...requests.keys()];
  if (!names.some(isHugePages) || names.includes('cpu') || names.includes('memory')) return;
  view.report(
    'K8S_FIELDS_CONFLICT',
    view.span,
    `${view.path} has huge pages without cpu or memory`,
    'Add cpu or memory.',
  );
}

/** Each amount by itself. */
export function checkAmounts(view: View, field: string, asker: Asker): ReadonlyMap<string, Amount> {
  const amounts = amountsOf(view, field);
  for (const amount of amounts.values()) checkAmount(view, field, asker, amount);
  return amounts;
}

const wantedNames: Readonly<Record<Asker, string>> = {
  container: 'Use cpu, memory, ephemeral-storage, hugepages-SIZE, or a name with a domain.',
  pod: 'A whole pod has cpu, memory and hugepages-SIZE; ask for devices in a container.',
  quota: 'Use a resource that quotas know, or count/KIND.GROUP.',
  any: 'Use a resource that Kubernetes knows, or a name with a domain.',
};

function checkAmount(view: View, field: string, asker: Asker, { name, text, key, value, quantity }: Amount): void {
  const path = `${view.pathOf(field)}[${JSON.stringify(name.slice(0, 80))}]`;
  if (!isResourceName(name, asker)) {
    view.report('K8S_VALUE_INVALID', key, `${path} is not a resource`, wantedNames[asker]);
  }
  const whole = quantity.integer !== undefined;
  if (isExtendedResource(name) && (!whole || quantity.numerator < 0n)) {
    view.report('SGX_RESOURCE_NOT_INTEGER', value, `"${name}: ${text}" is not a whole number`);
  } else if (quantity.numerator < 0n) {
    view.report('K8S_VALUE_INVALID', value, `${path} is less than none`, 'At least 0.');
  } else if (isCountedResource(name) && !whole) {
    view.report('K8S_VALUE_INVALID', value, `${path} is ${text}`, 'It must be a whole number.');
  }
  const page = isHugePages(name) ? parseQuantity(name.slice('hugepages-'.length))?.integer : undefined;
  if (page === undefined || page <= 0n || quantity.integer === undefined) return;
  if (quantity.integer % page === 0n) return;
  view.report('K8S_VALUE_INVALID', value, `${path} is ${text}`, 'It must be a multiple of the size of the page.');
}

function checkRequest(view: View, request: Amount, limit: Amount | undefined): void {
  const { name, text, key, value, quantity } = request;
  const path = `${view.path}.requests["${name}"]`;
  const extended = isExtendedResource(name);
  if (limit === undefined) {
    if (mayOvercommit(name)) return;
    const fix = `Add the limit ${name}: ${JSON.stringify(text)}.`;
    const words = `"${name}" is requested, and not limited`;
    return view.report(extended ? 'SGX_RESOURCE_UNEQUAL' : 'K8S_FIELDS_CONFLICT', key, words, fix);
  }
  const order = compareQuantities(quantity, limit.quantity);
  if (extended && order !== 0) {
    const words = `"${name}" has the request ${text} and the limit ${limit.text}`;
    view.report('SGX_RESOURCE_UNEQUAL', value, words);
  } else if (!mayOvercommit(name) && order !== 0) {
    view.report('K8S_FIELDS_CONFLICT', value, `${path} is not the limit`, 'Write one value in both.');
  } else if (order > 0) {
    view.report(
      'K8S_FIELDS_CONFLICT',
      value,
      `${path} is more than the limit`,
      'Lower the request, or raise the limit.',
    );
  }
}
