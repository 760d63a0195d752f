// Writes src/schema: kinds.ts and fields.ts, the fields of Kubernetes' built-in kinds, one line a type; and objects.ts
// of @enclos/kubernetes, the types of the kinds that `enclos deploy` and the admission webhook write.
//
//   node packages/delivery/kubernetes-schema/tools/write-kinds.mjs FOLDER
//
// FOLDER is the unpacked npm package named below, which is generated from the OpenAPI document of that
// release of Kubernetes (`npm pack @kubernetes/client-node@2.0.1`, then `tar xf`). It is not a dependency:
// 62 MB and 69 packages for a table that changes with a release of Kubernetes. No npm package carries
// the OpenAPI document itself.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = { name: '@kubernetes/client-node', version: '2.0.1' };
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: write-kinds.mjs FOLDER');
const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
if (name !== source.name || version !== source.version) throw new Error(`${folder} is ${name} ${version}`);
const generated = join(folder, 'dist/gen');
const read = (path) => readFileSync(join(generated, path), 'utf8');

/** Kinds that manifests of applications, clusters and their add-ons hold. The others are looked through. */
const groups = [
  'core/v1',
  'apps/v1',
  'batch/v1',
  'policy/v1',
  'networking.k8s.io/v1',
  'rbac.authorization.k8s.io/v1',
  'admissionregistration.k8s.io/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'scheduling.k8s.io/v1',
  'node.k8s.io/v1',
  'storage.k8s.io/v1',
  'coordination.k8s.io/v1',
  'discovery.k8s.io/v1',
  'resource.k8s.io/v1',
];

/** The client writes a Quantity as a string; where the API's own type is Quantity, a number will do too. */
const quantities = new Set(
  [
    'V1ResourceRequirements.limits V1ResourceRequirements.requests V1VolumeResourceRequirements.limits',
    'V1VolumeResourceRequirements.requests V1ResourceQuotaSpec.hard V1ResourceQuotaStatus.hard',
    'V1ResourceQuotaStatus.used V1LimitRangeItem._default V1LimitRangeItem.defaultRequest V1LimitRangeItem.max',
    'V1LimitRangeItem.maxLimitRequestRatio V1LimitRangeItem.min V1EmptyDirVolumeSource.sizeLimit',
    'V1ResourceFieldSelector.divisor V1PodSpec.overhead V1Overhead.podFixed V1NodeStatus.capacity',
    'V1NodeStatus.allocatable V1PersistentVolumeSpec.capacity V1PersistentVolumeClaimStatus.capacity',
    'V1PersistentVolumeClaimStatus.allocatedResources V1ContainerStatus.allocatedResources',
    'V2HPAScalingRules.tolerance V2MetricTarget.averageValue V2MetricTarget.value V2MetricValueStatus.averageValue V2MetricValueStatus.value',
    'V1CSIStorageCapacity.capacity V1CSIStorageCapacity.maximumVolumeSize V1PodStatus.allocatedResources',
    'V1Counter.value V1DeviceCapacity.value V1CapacityRequirements.requests V1CapacityRequestPolicy._default',
    'V1CapacityRequestPolicy.validValues V1CapacityRequestPolicyRange.max V1CapacityRequestPolicyRange.min',
    'V1CapacityRequestPolicyRange.step',
  ].flatMap((line) => line.split(' ')),
);
const unused = new Set(quantities);

function kindsOf(group) {
  const [groupName, apiVersion] = group.split('/');
  const core = groupName === 'core';
  const prefix = core ? `/api/${apiVersion}/` : `/apis/${group}/`;
  const kinds = new Map();
  for (const file of readdirSync(join(generated, 'apis')).filter((entry) => entry.endsWith('Api.js'))) {
    const code = read(`apis/${file}`);
    if (!code.includes(`'${prefix}`)) continue;
    const types = read(`apis/${file.replace('.js', '.d.ts')}`);
    for (const [, method, path] of code.matchAll(/async (create\w+)\([\s\S]*?localVarPath = '([^']+)'/g)) {
      const last = path.split('/').at(-1);
      // A subresource such as .../eviction has something after {name}.
      if (!path.startsWith(prefix) || path.includes('{name}')) continue;
      const body = new RegExp(`\\b${method}\\([^)]*?body: (\\w+)`).exec(types)?.[1];
      if (body === undefined) throw new Error(`${method} of ${last} has no body`);
      kinds.set(body.replace(/^(?:Core|Events|Resource)?V\d/, ''), {
        type: body,
        namespaced: path.includes('{namespace}'),
      });
    }
  }
  if (kinds.size === 0) throw new Error(`no kinds in ${group}`);
  return [...kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, { type, namespaced }]) => {
      return { apiVersion: core ? apiVersion : group, kind, type, namespaced };
    });
}

const scalars = {
  string: 'string',
  boolean: 'boolean',
  any: 'any',
  Date: 'time',
  V1MicroTime: 'micro-time',
  IntOrString: 'int-or-string',
};

/** `[T]` for lists, `{T}` for maps, and the formats that the API server tells apart. */
function notation({ type, format }, key) {
  const list = /^Array<(.+)>$/.exec(type);
  if (list !== null) return `[${notation({ type: list[1], format }, key)}]`;
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map !== null) return `{${notation({ type: map[1], format }, key)}}`;
  if (quantities.has(key)) {
    unused.delete(key);
    return 'quantity';
  }
  if (type === 'number') return format === 'double' ? 'number' : format === 'int32' ? 'int32' : 'int64';
  if (type === 'string' && format === 'byte') return 'bytes';
  return scalars[type] ?? type;
}

function fieldsOf(model) {
  const table = /attributeTypeMap = (\[[\s\S]*?\n\]);/.exec(read(`models/${model}.js`));
  if (table === null) throw new Error(`${model} has no table of fields`);
  const types = read(`models/${model}.d.ts`);
  return JSON.parse(table[1]).map((attribute) => {
    const declared = new RegExp(`^    '${attribute.name}'(\\??): `, 'm').exec(types);
    if (declared === null) throw new Error(`${model}.${attribute.name} is not declared`);
    // The server takes no status from a manifest, so nothing has to be in it.
    const required = declared[1] === '' && !/Status\d*$/.test(model) ? '!' : '';
    return `${attribute.baseName}${required}:${notation(attribute, `${model}.${attribute.name}`)}`;
  });
}

const kinds = groups.flatMap(kindsOf);
const models = new Map();
const waiting = kinds.map(({ type }) => type);
for (let model = waiting.pop(); model !== undefined; model = waiting.pop()) {
  if (models.has(model)) continue;
  const fields = fieldsOf(model);
  models.set(model, fields);
  const inner = fields.map(
    (field) =>
      field
        .split(':')
        .at(-1)
        .match(/\b[A-Z]\w+/g) ?? [],
  );
  waiting.push(...inner.flat());
}
if (unused.size > 0) throw new Error(`no such quantities: ${[...unused].join(', ')}`);

/** Lines of at most this many characters, so that a change to one type is a change to few lines. */
const widest = 116;
function wrapped(words) {
  const lines = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= widest) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : ` ${word}`);
  }
  return lines;
}

const kindLines = kinds.map(({ apiVersion, kind, type, namespaced }) => {
  return `${apiVersion} ${kind} ${type}${namespaced ? '' : ' cluster'}`;
});
const typeLines = [...models]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .flatMap(([model, fields]) => wrapped([model, ...fields]));
const release = /OpenAPI spec version: release-(\S+)/.exec(read('models/V1Pod.js'))[1];
const head = `Written by packages/delivery/kubernetes-schema/tools/write-kinds.mjs from ${name} ${version}. Do not edit by hand.`;
const target = (file) => fileURLToPath(new URL(`../src/schema/${file}`, import.meta.url));
writeFileSync(
  target('kinds.ts'),
  `// ${head}\n\n/** The release of Kubernetes whose fields these are. */\nexport const kubernetesRelease = '${release}';\n\n/** One kind a line: apiVersion, kind, type, and \`cluster\` when it has no namespace. */\nexport const kindTable = \`\n${kindLines.join('\n')}\n\`;\n`,
);
writeFileSync(
  target('fields.ts'),
  `/* oxlint-disable eslint/max-lines -- a table, written by a program */\n// ${head}\n\n/** One type a line, longer ones over several: its name, then \`field:type\`; \`!\` marks what must be there. */\nexport const fieldTable = String.raw\`\n${typeLines.join('\n')}\n\`;\n`,
);
/** What deploy and the webhook write, as TypeScript: without status, which only a cluster writes. */
const written = [
  'ConfigMap DaemonSet Deployment HorizontalPodAutoscaler Job MutatingWebhookConfiguration Namespace NetworkPolicy',
  'PodDisruptionBudget Secret Service ServiceAccount StatefulSet ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
].flatMap((line) => line.split(' '));
/** Parts of these that their writers name. */
const parts = [
  'V1Container',
  'V1NetworkPolicyPeer',
  'V1PodSpec',
  'V1RuleWithOperations',
  'V1SecurityContext',
  'V1Volume',
  'V1VolumeMount',
];
// Of a kind with two versions, the newer one.
const roots = kinds.filter(({ kind, apiVersion }) => written.includes(kind) && apiVersion !== 'autoscaling/v1');
const rootOf = new Map(roots.map((entry) => [entry.type, entry]));
const nativeTypes = {
  'int-or-string': 'number | string',
  boolean: 'boolean',
  int32: 'number',
  int64: 'number',
  number: 'number',
  any: 'unknown',
};

function nativeOf(notated) {
  if (notated.startsWith('[')) return `readonly (${nativeOf(notated.slice(1, -1))})[]`;
  if (notated.startsWith('{')) return `Readonly<Record<string, ${nativeOf(notated.slice(1, -1))}>>`;
  return nativeTypes[notated] ?? (/^[A-Z]/.test(notated) ? notated : 'string');
}

function interfaceOf(model) {
  const root = rootOf.get(model);
  const fields = models
    .get(model)
    .filter((field) => !field.startsWith('status:'))
    .map((field) => {
      const [, fieldName, required, type] = /^([^!:]+)(!?):(.+)$/.exec(field);
      if (root !== undefined && fieldName === 'apiVersion') return `  readonly apiVersion: '${root.apiVersion}';`;
      if (root !== undefined && fieldName === 'kind') return `  readonly kind: '${root.kind}';`;
      const always = required === '!' || (root !== undefined && fieldName === 'metadata');
      return `  readonly ${/^\w+$/.test(fieldName) ? fieldName : `'${fieldName}'`}${always ? '' : '?'}: ${nativeOf(type)};`;
    });
  return `${root === undefined && !parts.includes(model) ? '' : 'export '}interface ${model} {\n${fields.join('\n')}\n}`;
}

const reached = new Set();
const toReach = roots.map(({ type }) => type);
for (let model = toReach.pop(); model !== undefined; model = toReach.pop()) {
  if (reached.has(model)) continue;
  reached.add(model);
  const fields = models.get(model).filter((field) => !field.startsWith('status:'));
  toReach.push(
    ...fields.flatMap(
      (field) =>
        field
          .split(':')
          .at(-1)
          .match(/\b[A-Z]\w+/g) ?? [],
    ),
  );
}
writeFileSync(
  fileURLToPath(new URL('../../kubernetes/src/schema/objects.ts', import.meta.url)),
  `/* oxlint-disable eslint/max-lines -- written by a program */\n// ${head}\n\n${[...reached]
    .sort((a, b) => (a < b ? -1 : 1))
    .map(interfaceOf)
    .join('\n\n')}\n`,
);

console.log(`Kubernetes ${release}: ${kinds.length} kinds, ${models.size} types, ${typeLines.join('\n').length} bytes`);
