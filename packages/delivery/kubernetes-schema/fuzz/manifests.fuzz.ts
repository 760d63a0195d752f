import { parseNetwork } from '../src/forms/addresses.ts';
import { canonicalQuantity, checkObject, kinds, parseQuantity } from '../src/index.ts';
import { isSchedule } from '../src/forms/cron.ts';
import { isTimeZone } from '../src/forms/time-zone.ts';
import { isMap, readYaml } from '../src/yaml/index.ts';

const seed = (text: string): Uint8Array => new TextEncoder().encode(text);

export const seeds: readonly Uint8Array[] = [
  seed('*/5 1-3,7 ? jan sun\n10.0.0.0/8\n1.5Gi\nEurope/Berlin'),
  seed('@every 1h30m\n2001:db8::/64\n1e3\nUTC'),
  seed(
    'spec:\n  schedule: "0 3 * * 1"\n  containers: [{name: a, env: [null], ports: [{name: a}, {name: a}]}]\n  volumes: [{name: a}]\n',
  ),
  seed(
    'metadata: {name: a, labels: {a: b}}\nspec: {cidrs: [10.0.0.0/8], hard: {cpu: 1}, rules: [{from: [{}]}], type: NodePort, ports: [{port: 1}]}\n',
  ),
];

/** Whatever the text is: each parser answers, and an object of any kind is checked without an error. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  for (const line of text.split('\n', 8)) {
    isSchedule(line);
    isTimeZone(line);
    parseNetwork(line);
    const quantity = parseQuantity(line);
    const stored = canonicalQuantity(line);
    if (quantity !== undefined && (stored === undefined || parseQuantity(stored) === undefined)) {
      throw new Error(`${line} is a quantity, and what is stored of it is not: ${stored}`);
    }
  }
  const kind = kinds[(data[0] ?? 0) % kinds.length];
  for (const { root } of readYaml(text)) {
    if (isMap(root) && kind !== undefined) checkObject(root, kind, () => undefined);
  }
}
