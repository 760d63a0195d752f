import { platformFolder } from '@enclos/manifest';
import { z } from 'zod';

/** 1 MB in a manifest is 2^20 bytes, as in EGo's `heapSize`. */
const MEGABYTE = 1024 * 1024;

const absolutePath = /^(?:\/(?!\.{1,2}(?:\/|$))[^/\u0000-\u001F\u007F-\u009F]+)+$/;
const relativePath = /^(?!\/)(?!(?:[^\\]*\/)?\.\.(?:\/|$))[^\u0000-\u001F\\]+$/;

const fileName = /^[A-Za-z0-9_][A-Za-z0-9_+.-]*$/;

const port = z.int().min(1).max(65_535);
const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected lower-case letters, digits and hyphens, at most 63, a letter first');
const source = z
  .string()
  .max(1024)
  .regex(relativePath, 'expected a path relative to the project folder, with forward slashes and without ".."')
  .describe(
    'A file inside the project folder, relative to it. It may not contain ".." or a link that leads out of the folder.',
  );
const target = z
  .string()
  .max(1024)
  .regex(absolutePath, 'expected an absolute path without ".", ".." or a slash at the end')
  .describe('Absolute path inside the enclave.');
const hex16 = z.string().regex(/^[0-9a-fA-F]{32}$/, 'expected 32 hexadecimal digits (16 bytes)');
const sizeHint = 'expected a size such as "64MB" or "2GB", or a whole number of MB';
const size = z.union([z.int().min(1).max(1_048_576), z.string().regex(/^[1-9]\d{0,6} ?(?:MB|GB)$/, sizeHint)], {
  error: sizeHint,
});
const heapRange = { min: 16 * MEGABYTE, max: 65_536 * MEGABYTE };

const attributes = z.strictObject({
  kss: z.boolean().optional().describe('Key separation and sharing: family id, extended product id and CONFIGID.'),
  familyId: hex16.optional().describe('ISVFAMILYID, 16 bytes in hex; needs kss.'),
  extendedProductId: hex16.optional().describe('ISVEXTPRODID, 16 bytes in hex; needs kss.'),
});

/** The root, which a program may have in memory. */
const mountTarget = z
  .string()
  .max(1024)
  .refine((path) => path === '/' || absolutePath.test(path), {
    error: 'expected an absolute path without ".", ".." or a slash at the end',
  })
  .describe('Absolute path inside the enclave. A program may have / in memory, with others below it.');

const mount = z.strictObject({
  target: mountTarget,
  type: z.enum(['hostfs', 'memfs']).describe('hostfs: a folder that the host serves. memfs: private memory.'),
  readOnly: z.boolean().optional(),
  maxSize: size.optional().describe('The largest number of bytes that the mount may hold.'),
});

const environmentEntry = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'),
  value: z.string().max(4096).optional().describe('A fixed, measured value.'),
  fromHost: z.literal(true).optional().describe('The host gives the value, which is then not measured.'),
});

const transport = z
  .enum(['relayed', 'passed', 'either'])
  .optional()
  .describe(
    'How bytes get between a connection and the enclave. relayed: through the host. passed: the host hands the connected socket to the enclave; where it cannot, the enclave does not start. either: the platform decides. Default: relayed.',
  );

const program = z.strictObject({
  file: source.describe('The program: a static ELF file inside the project folder.'),
  network: z
    .enum(['none', 'declared', 'any', 'private'])
    .optional()
    .describe(
      'none: it opens no connections. declared: the host opens the connections of "listen" and "connect" for it. any: it may also ask for others, and `enclos inspect` says so. private: it uses sockets, of a network that has nothing but what "listen" and "connect" declare. Default: declared.',
    ),
  arguments: z
    .array(
      z
        .string()
        .max(4096)
        .regex(/^[^\u0000]*$/, 'expected text without the character NUL'),
    )
    .max(64)
    .optional()
    .describe('What follows the name of the enclave in argv. Measured.'),
  output: z
    .enum(['none', 'log'])
    .optional()
    .describe('Whether what it writes to its standard output and error becomes lines of the log. Default: log.'),
});

const limits = z.strictObject({
  maxFrameBytes: z.int().min(524_288).max(268_435_456).optional().describe('Largest message through the call gate.'),
  maxQueuedCalls: z.int().min(0).max(65_535).optional().describe('Calls that may wait for a free thread.'),
  maxPendingCalls: z.int().min(1).max(65_535).optional().describe('Calls out of the enclave that may be unanswered.'),
  maxDepth: z.int().min(1).max(64).optional().describe('Deepest nesting of calls in and out.'),
});

const companion = z.strictObject({
  name: identifier.describe('The name that openCompanions() takes.'),
  source: source.describe('The module of its processes.'),
  files: z
    .array(
      z.strictObject({
        path: z
          .string()
          .max(128)
          .regex(fileName, 'expected the name of a file, of letters, digits, "-", "_", "+" and "."')
          .describe('The name that loadAddon() and readFile() take. All files of a companion are in one folder.'),
        source,
      }),
    )
    .max(64)
    .optional()
    .describe('Native code, and data, beside the image: their SHA-256 is measured. At most 512 MiB each.'),
  addons: z
    .boolean()
    .optional()
    .describe('Whether its module may load its files as native addons of Node. Default: false.'),
  processes: z.int().min(1).max(64).optional().describe('The most processes that run at once. Default: 1.'),
  memory: size
    .optional()
    .describe('What each process may write to, beside what the interpreter takes: 16MB to 64GB. Default: 128MB.'),
  threads: z.int().min(1).max(256).optional().describe('Bounds the threads of a process. Default: 4.'),
});

/** The authoring manifest, `enclave.json`. Every unknown key is an error. */
export const enclaveJsonSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: identifier.describe('The name of the enclave and of the files that the build makes.'),
    main: source.optional().describe('The enclave module. Default: src/NAME.enclave.ts.'),
    interface: source.optional().describe('The module that exports the interface. Default: src/NAME.edl.ts.'),
    program: program
      .optional()
      .describe('The enclave is this program, and not a module: it runs itself, without the interpreter.'),
    productId: z.int().min(0).max(65_535).describe('ISVPRODID: which of the signer’s products this is.'),
    securityVersion: z.int().min(0).max(65_535).describe('ISVSVN: raise it with every security fix.'),
    debug: z.boolean().optional().describe('A debug enclave cannot keep secrets. Default: false.'),
    attributes: attributes.optional(),
    threads: z.int().min(1).max(256).optional().describe('The number of calls that run at once. Default: 4.'),
    heapSize: size.optional().describe('Memory of the enclave, "64MB", "2GB" or a number of MB. Default: 128MB.'),
    files: z.array(z.strictObject({ source, target })).max(1024).optional().describe('Files embedded in the image.'),
    trustedFiles: z
      .array(z.strictObject({ path: target, source }))
      .max(1024)
      .optional()
      .describe('Files beside the image, whose SHA-256 is measured.'),
    mounts: z.array(mount).max(64).optional(),
    env: z.array(environmentEntry).max(256).optional().describe('The only environment that the enclave has.'),
    listen: z
      .array(
        z.strictObject({
          name: identifier.describe('The name that listen() takes.'),
          port: port.describe('The port; the host can be told to use another.'),
          transport,
        }),
      )
      .max(64)
      .optional()
      .describe(
        'Ports on which the host accepts connections for the enclave. The host can read and change their bytes, so end TLS inside.',
      ),
    connect: z
      .array(
        z.strictObject({
          name: identifier.describe('The name that connect() takes.'),
          host: z.string().min(1).max(253).describe('A host name or an address.'),
          port,
          transport,
        }),
      )
      .max(64)
      .optional()
      .describe(
        'Destinations to which the host connects for the enclave. It resolves the name, so authenticate the other end.',
      ),
    limits: limits.optional(),
    companions: z
      .array(companion)
      .min(1)
      .max(16)
      .optional()
      .describe(
        'Processes beside the enclave, without its keys, its connections and its files: for native code and for work that takes long.',
      ),
    absent: z
      .array(
        z
          .string()
          .max(214)
          .regex(
            /^(?:node:)?(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~_-][\w.~-]*(?:\/[\w.~-]+)*$/i,
            'expected the name of a module or a package',
          ),
      )
      .max(256)
      .optional()
      .describe(
        'Modules and packages that are empty inside: an import gives an object without members. For what a dependency asks for and can do without.',
      ),
  })
  .superRefine((manifest, context) => checkTogether(manifest, context));

export type EnclaveJson = z.infer<typeof enclaveJsonSchema>;

interface IssueSink {
  addIssue(issue: { code: 'custom'; message: string; path: PropertyKey[] }): void;
}

interface NamedEntry {
  readonly name: string;
  readonly path: PropertyKey[];
}

function named<T>(
  list: readonly T[] | undefined,
  key: string,
  field: string,
  nameOf: (entry: T) => string,
): NamedEntry[] {
  return (list ?? []).map((entry, index) => ({ name: nameOf(entry), path: [key, index, field] }));
}

function reportRepeats(entries: readonly NamedEntry[], what: string, sink: IssueSink): void {
  const seen = new Set<string>();
  for (const { name, path } of entries) {
    if (seen.has(name)) sink.addIssue({ code: 'custom', message: `the ${what} "${name}" is used twice`, path });
    seen.add(name);
  }
}

/** The rules that span several keys. */
function checkTogether(manifest: z.infer<typeof enclaveJsonSchema>, sink: IssueSink): void {
  reportRepeats(
    [
      ...named(manifest.files, 'files', 'target', (entry) => entry.target),
      ...named(manifest.trustedFiles, 'trustedFiles', 'path', (entry) => entry.path),
      ...named(manifest.mounts, 'mounts', 'target', (entry) => entry.target),
    ],
    'target',
    sink,
  );
  reportRepeats(
    named(manifest.env, 'env', 'name', (entry) => entry.name),
    'variable',
    sink,
  );
  reportRepeats(
    named(manifest.listen, 'listen', 'name', (entry) => entry.name),
    'name',
    sink,
  );
  reportRepeats(
    named(manifest.connect, 'connect', 'name', (entry) => entry.name),
    'name',
    sink,
  );
  checkProgramTogether(manifest, sink);
  checkCompanions(manifest, sink);
  const heap = manifest.heapSize === undefined ? heapRange.min : sizeInBytes(manifest.heapSize);
  if (heap < heapRange.min || heap > heapRange.max) {
    sink.addIssue({ code: 'custom', message: 'expected a heap of 16MB to 64GB', path: ['heapSize'] });
  }
  for (const [index, { target: inner }] of (manifest.mounts ?? []).entries()) {
    const outer = manifest.mounts?.find((other) => inner.startsWith(`${other.target}/`));
    if (outer === undefined) continue;
    const path = ['mounts', index, 'target'];
    sink.addIssue({ code: 'custom', message: `"${inner}" is inside the mount "${outer.target}"`, path });
  }
  for (const [index, entry] of (manifest.env ?? []).entries()) {
    if ((entry.value === undefined) === (entry.fromHost === undefined)) {
      sink.addIssue({ code: 'custom', message: 'expected either "value" or "fromHost": true', path: ['env', index] });
    }
  }
  for (const key of ['familyId', 'extendedProductId'] as const) {
    if (manifest.attributes?.[key] !== undefined && manifest.attributes.kss !== true) {
      sink.addIssue({ code: 'custom', message: `"${key}" needs "kss": true`, path: ['attributes', key] });
    }
  }
}

/** What is wrong with companions as a whole, and with files in the folder of the platform, where their scripts are. */
function checkCompanions(manifest: z.infer<typeof enclaveJsonSchema>, sink: IssueSink): void {
  const { companions = [] } = manifest;
  const report = (path: PropertyKey[], message: string): void => sink.addIssue({ code: 'custom', message, path });
  reportRepeats(
    named(companions, 'companions', 'name', (entry) => entry.name),
    'name',
    sink,
  );
  for (const [index, { files = [], addons = false, memory }] of companions.entries()) {
    const entries = named(files, 'files', 'path', ({ path }) => path);
    reportRepeats(
      entries.map(({ name, path }) => ({ name, path: ['companions', index, ...path] })),
      'name',
      sink,
    );
    if (addons && files.length === 0) {
      report(['companions', index, 'addons'], 'a companion without files has no addon to load');
    }
    const bytes = memory === undefined ? heapRange.min : sizeInBytes(memory);
    if (bytes < heapRange.min || bytes > heapRange.max) {
      report(['companions', index, 'memory'], 'expected a memory of 16MB to 64GB');
    }
  }
  if (companions.length > 0 && manifest.program !== undefined) {
    report(['companions'], 'a program has no companions: they are for enclaves that are modules');
  }
  const targets = [
    ...named(manifest.files, 'files', 'target', (entry) => entry.target),
    ...named(manifest.trustedFiles, 'trustedFiles', 'path', (entry) => entry.path),
    ...named(manifest.mounts, 'mounts', 'target', (entry) => entry.target),
  ];
  for (const { name, path } of targets) {
    if (name !== platformFolder && !name.startsWith(`${platformFolder}/`)) continue;
    report(path, `"${platformFolder}" is for the platform: choose another folder`);
  }
}

/** What goes with a program, and what does not. */
function checkProgramTogether(manifest: z.infer<typeof enclaveJsonSchema>, sink: IssueSink): void {
  const report = (path: PropertyKey[], message: string): void => sink.addIssue({ code: 'custom', message, path });
  const { program: given, mounts = [], env = [] } = manifest;
  for (const [index, { target: at, type }] of mounts.entries()) {
    if (at === '/' && (given === undefined || type !== 'memfs')) {
      report(['mounts', index, 'target'], 'only a program has / as a mount, and only as "memfs"');
    }
  }
  if (given === undefined) return;
  for (const key of ['main', 'absent'] as const) {
    if (manifest[key] !== undefined) report([key], `"${key}" is for enclaves that are modules: a program has none`);
  }
  const connections = (manifest.listen ?? []).length + (manifest.connect ?? []).length;
  if (given.network === 'none' && connections > 0) {
    report(['program', 'network'], 'a program with "none" declares no listeners and no destinations');
  }
  if (given.network === 'private') checkPrivateNetwork(manifest, report);
  const folders = mounts.filter(({ type }) => type === 'hostfs').map(({ target: folder }) => folder);
  for (const { index, message } of filesOfHost(manifest.files ?? [], folders)) {
    report(['files', index, 'target'], message);
  }
  for (const [index, { value }] of env.entries()) {
    if (value?.includes('\0') === true) report(['env', index, 'value'], 'expected text without the character NUL');
  }
}

/** The embedded files that a program would not find: its folders of the host are what it sees there, with what the host puts into them. */
export function filesOfHost(
  files: readonly { readonly target: string }[],
  folders: readonly string[],
): readonly { readonly index: number; readonly message: string }[] {
  return files.flatMap(({ target: file }, index) => {
    const folder = folders.find((outer) => file === outer || file.startsWith(`${outer}/`));
    const message = `"${file}" is inside the mount "${folder}", where the host could give another file`;
    return folder === undefined ? [] : [{ index, message }];
  });
}

/** What the host of such a program cannot give it: its relay speaks for it, and carries connections alone. */
function checkPrivateNetwork(
  { listen = [], connect = [], ...manifest }: z.infer<typeof enclaveJsonSchema>,
  report: (path: PropertyKey[], message: string) => void,
): void {
  for (const key of ['interface', 'files', 'trustedFiles', 'mounts'] as const) {
    if (manifest[key] === undefined) continue;
    report([key], `a program with a private network has its connections, and nothing else: it has no "${key}"`);
  }
  for (const [key, streams] of Object.entries({ listen, connect })) {
    for (const [index, { transport: how }] of streams.entries()) {
      if (how !== 'passed') continue;
      report([key, index, 'transport'], 'a program with a private network has sockets of that network: none is passed');
    }
  }
  for (const [index, { port: at }] of listen.entries()) {
    if (at >= firstOrdinaryPort) continue;
    report(['listen', index, 'port'], `a program may not take a port below ${firstOrdinaryPort}: the host may, for it`);
  }
  const places = connect.map(({ host, port: at }) => `${host.toLowerCase()}:${at}`);
  for (const [index, place] of places.entries()) {
    if (places.indexOf(place) < index) report(['connect', index], `another destination is at ${place} too`);
  }
}

/** Ports below take a privilege (ip(7), ip_unprivileged_port_start). */
const firstOrdinaryPort = 1024;

/** Bytes of a size as the manifest writes it. */
export function sizeInBytes(value: number | string): number {
  if (typeof value === 'number') return value * MEGABYTE;
  const unit = value.endsWith('GB') ? 1024 * MEGABYTE : MEGABYTE;
  return Number.parseInt(value, 10) * unit;
}

/** The JSON Schema (draft 2020-12) that editors use, as published in `schema/enclave.schema.json`. */
export function enclaveJsonSchemaDocument(): Record<string, unknown> {
  return {
    title: 'Enclos enclave manifest (enclave.json)',
    ...z.toJSONSchema(enclaveJsonSchema, { io: 'input', target: 'draft-2020-12' }),
  };
}
