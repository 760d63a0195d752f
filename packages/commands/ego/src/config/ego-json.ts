import { enclaveJsonSchema, filesOfHost } from '@enclos/build';
import { z } from 'zod';

/*
 * The enclave.json of EGo. Its keys keep their names and meanings; `network`, `listen`, `connect` and `arguments` are ours. EGo ignores
 * what it does not know, and Go writes a list that is empty as null.
 */

const own = enclaveJsonSchema.shape;
const ownProgram = own.program.unwrap().shape;
const { name: variableName, value: variableValue } = own.env.unwrap().element.shape;
const { target } = own.files.unwrap().element.shape;

const path = z.string().min(1).max(1024);
const text = z
  .string()
  .max(1024)
  .regex(/^[^\0]*$/, 'expected text without the character NUL');

const mount = z.strictObject({
  source: text.optional(),
  target: own.mounts.unwrap().element.shape.target,
  type: z.enum(['hostfs', 'memfs']),
  readOnly: z.boolean().optional(),
});

const variable = z.strictObject({
  name: variableName,
  value: variableValue,
  fromHost: z.boolean().optional(),
});

const file = z.strictObject({ source: path, target });

/** Every unknown key is an error. */
export const egoJsonSchema = z
  .strictObject({
    exe: path,
    key: path,
    debug: z.boolean().optional(),
    heapSize: z.int('expected a whole number of MB').min(16, 'expected at least 16 MB').max(65_536),
    executableHeap: z
      .literal(false, {
        error: 'no memory of a program becomes executable here, so code that a library makes while it runs cannot run',
      })
      .optional(),
    productID: own.productId.optional(),
    securityVersion: own.securityVersion.optional(),
    mounts: z.array(mount).max(63).nullish(),
    env: z.array(variable).max(250).nullish(),
    files: z.array(file).max(1024).nullish(),
    network: z.enum(['none', 'declared', 'any']).optional(),
    listen: own.listen,
    connect: own.connect,
    arguments: ownProgram.arguments,
  })
  .superRefine((config, context) => {
    const report = (at: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', message, path: at });
    checkMounts(config.mounts ?? [], report);
    reportRepeats('env', 'name', config.env ?? [], report);
    reportRepeats('files', 'target', config.files ?? [], report);
    const folders = (config.mounts ?? []).filter(({ type }) => type === 'hostfs').map(({ target: folder }) => folder);
    for (const { index, message } of filesOfHost(config.files ?? [], folders)) {
      report(['files', index, 'target'], message);
    }
    for (const key of ['listen', 'connect'] as const) reportRepeats(key, 'name', config[key] ?? [], report);
    for (const [index, entry] of (config.env ?? []).entries()) {
      if (entry.value === undefined && entry.fromHost !== true) {
        report(['env', index], 'expected "value", or "fromHost": true');
      }
    }
    if (config.network === 'none' && (config.listen ?? config.connect) !== undefined) {
      report(['network'], 'a program with "none" declares no listeners and no destinations');
    }
  });

type Report = (at: PropertyKey[], message: string) => void;

function checkMounts(mounts: readonly z.infer<typeof mount>[], report: Report): void {
  reportRepeats('mounts', 'target', mounts, report);
  for (const [index, { target: inner, type, source }] of mounts.entries()) {
    const at = (field: string): PropertyKey[] => ['mounts', index, field];
    if (type === 'hostfs' && (source === undefined || source === '')) {
      report(['mounts', index], 'a mount of type "hostfs" needs a "source"');
    }
    if (type === 'hostfs' && inner === '/') {
      report(at('target'), '/ is private memory: mount the folders of the host that the program needs, each by name');
    }
    const outer = mounts.find((other) => other.target !== '/' && inner.startsWith(`${other.target}/`));
    if (outer !== undefined) report(at('target'), `"${inner}" is inside the mount "${outer.target}"`);
  }
}

function reportRepeats<F extends string>(
  list: string,
  field: F,
  entries: readonly Readonly<Record<F, string>>[],
  report: Report,
): void {
  const seen = new Set<string>();
  for (const [index, { [field]: value }] of entries.entries()) {
    if (seen.has(value)) report([list, index, field], `the ${field} "${value}" is used twice`);
    seen.add(value);
  }
}
