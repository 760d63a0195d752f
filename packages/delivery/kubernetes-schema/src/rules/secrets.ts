import type { View } from '../view/view.ts';
import { at, textOf } from '../yaml/node.ts';
import type { TypeRules } from '../view/rule.ts';

/** All data of one object (pkg/apis/core: MaxSecretSize). */
const mostBytes = 1024 * 1024;

export const secretRules: TypeRules = {
  V1ConfigMap(view) {
    const binary = new Set(view.entries('binaryData').map(([name]) => name));
    for (const [name, { key }] of view.entries('data')) {
      if (binary.has(name)) {
        view.repeated(key, `data and binaryData both have ${JSON.stringify(name.slice(0, 80))}`, 'Keep one of them.');
      }
    }
    checkSize(view, textBytes(view, 'data') + encodedBytes(view, 'binaryData'));
  },
  V1Secret(view) {
    checkSize(view, textBytes(view, 'stringData') + encodedBytes(view, 'data'));
    const type = view.text('type');
    const keys = new Set(['data', 'stringData'].flatMap((field) => view.entries(field).map(([name]) => name)));
    if (type === 'kubernetes.io/basic-auth' && !keys.has('username') && !keys.has('password')) {
      view.missing('data', `Add username or password: the type is ${type}.`);
    }
    for (const name of neededKeys.get(type) ?? []) if (!keys.has(name)) lack(view, type, name);
    if (type.startsWith('kubernetes.io/dockercfg') || type === 'kubernetes.io/dockerconfigjson') checkJson(view);
    if (type === 'kubernetes.io/ssh-auth' && keys.has('ssh-privatekey') && dataOf(view, 'ssh-privatekey') === '') {
      lack(view, type, 'ssh-privatekey');
    }
    if (type !== 'kubernetes.io/service-account-token') return;
    if (view.text('metadata', 'annotations', 'kubernetes.io/service-account.name') === '') {
      view.missing('metadata', 'Add the annotation kubernetes.io/service-account.name.');
    }
  },
};

const neededKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
]);

/** One entry, decoded. */
function dataOf(view: View, name: string): string {
  const plain = at(view.node, 'stringData', name);
  if (plain !== undefined) return textOf(plain) ?? '';
  return Buffer.from(view.text('data', name), 'base64').toString();
}

/** Credentials of registries are an object in JSON. The server says no more of what is secret, and neither does this. */
function checkJson(view: View): void {
  for (const name of ['.dockercfg', '.dockerconfigjson']) {
    for (const field of ['stringData', 'data']) {
      const entry = view.entries(field).find(([key]) => key === name)?.[1];
      if (entry === undefined || isJsonObject(dataOf(view, name))) continue;
      const text = `${field}["${name}"] is not an object in JSON`;
      view.report('K8S_VALUE_INVALID', entry.key, text, 'Write what docker login writes.');
      return;
    }
  }
}

function isJsonObject(text: string): boolean {
  if (text.length > mostBytes) return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value);
  } catch {
    return false;
  }
}

function lack(view: View, type: string, name: string): void {
  const field = view.has('stringData') ? 'stringData' : 'data';
  const text = `"${field}["${name}"]" is missing, and a Secret of type ${type} has it`;
  view.report('K8S_FIELD_MISSING', view.spanOf(field), text, `Add ${name}, or use another type.`);
}

function textBytes(view: View, field: string): number {
  return view.entries(field).reduce((sum, [, { value }]) => sum + Buffer.byteLength(textOf(value) ?? ''), 0);
}

/** Bytes of base64, to within its padding. */
function encodedBytes(view: View, field: string): number {
  return Math.floor((textBytes(view, field) * 3) / 4);
}

function checkSize(view: View, bytes: number): void {
  if (bytes <= mostBytes + 2) return;
  view.report('K8S_VALUE_INVALID', view.spanOf('data'), `the data has ${bytes} bytes`, `At most ${mostBytes}.`);
}
