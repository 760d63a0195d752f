// Builds the container image of a service, as its image.json describes it: its program in one file, and what it needs of this
// machine, on the base `node`. The same sources and the same system libraries give the same digest in any folder.
//
//   node tools/service-image.mjs SERVICE [--out DIR] [--archive FILE] [--tag TAG] [--json]
//
// `npm run image --workspace @enclos/admission` calls it, after `npm run build`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packagesOf } from '@enclos/build';
import { buildProgramImage, fileContent, npmPurl } from '@enclos/image';
import { build } from 'esbuild';
import { root } from './lib/workspace.mjs';

const usage = 'usage: node tools/service-image.mjs SERVICE [--out DIR] [--archive FILE] [--tag TAG] [--json]';
const help = `${usage}

Builds the container image of a service, as services/SERVICE/image.json describes it. Run \`npm run build\` before it.

  SERVICE         ${servicesWithImage().join(', ')}
  --out DIR       the folder of the OCI layout; default: services/SERVICE/dist/NAME.oci
  --archive FILE  write an archive, too, which container engines load
  --tag TAG       the tag in the layout; default: latest
  --json          say what was built as JSON
  --help          show this
`;
const { values, positionals } = readArguments();
if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}
const [service, ...others] = positionals;
// `npm run` changes to the folder of the workspace, and says where it was called.
const given = (path) => resolve(process.env.INIT_CWD ?? '.', path);
if (service === undefined || others.length > 0 || !/^[a-z-]+$/.test(service)) {
  refuse(service === undefined ? 'Name a service.' : 'Name one service.');
}
if (!servicesWithImage().includes(service)) refuse(`There is no services/${service}/image.json.`);

const folder = join(root, 'services', service);
const { name, program, user, startsEnclaves = false, files = {}, machinePrograms = [] } = read('image.json');
const { version } = read('package.json');
const { script, components } = await bundle(join(folder, program));
const layoutFolder = values.out === undefined ? join(folder, 'dist', `${name}.oci`) : given(values.out);
const built = await buildProgramImage({
  program: {
    name,
    script,
    user,
    startsEnclaves,
    machinePrograms,
    components,
    files: await Promise.all(
      Object.entries(files).map(async ([path, source]) => ({ path, content: await fileContent(join(folder, source)) })),
    ),
  },
  base: 'node',
  layoutFolder,
  archiveFile: values.archive === undefined ? undefined : given(values.archive),
  tag: values.tag,
  createdSeconds: Number(process.env.SOURCE_DATE_EPOCH ?? 0),
  cacheFolder: join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'enclos/layers'),
  tool: { name: 'enclos', version },
});
const sizeBytes = built.layers.reduce((sum, { size }) => sum + size, 0);
const { digest } = built.descriptor;
const facts = { name, digest, layout: layoutFolder, sizeBytes };
console.log(values.json ? JSON.stringify(facts) : `${name}@${digest}: ${sizeBytes} bytes in ${layoutFolder}`);

function read(file) {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

/** One module with every package in it. Paths of modules are in it too, and start at the root of the checkout. */
async function bundle(entry) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: `${name}.mjs`,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The interpreter that is in images.
    target: 'node24',
    banner: {
      js: "import { createRequire as enclosCreateRequire } from 'node:module'; const require = enclosCreateRequire(import.meta.url);",
    },
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
  });
  const modules = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path, { bytesInOutput }]) => ({ path, bytesInBundle: bytesInOutput }));
  const packages = await packagesOf(root, modules);
  return {
    script: outputFiles[0].contents,
    components: packages
      .filter((one) => one.version !== '')
      .map((one) => ({
        type: 'library',
        name: one.name,
        version: one.version,
        purl: npmPurl(one.name, one.version),
        location: `/app/${name}.mjs`,
      })),
  };
}

function servicesWithImage() {
  const services = join(root, 'services');
  return readdirSync(services).filter((each) => existsSync(join(services, each, 'image.json')));
}

function readArguments() {
  const options = {
    out: { type: 'string' },
    archive: { type: 'string' },
    tag: { type: 'string', default: 'latest' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  };
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return refuse(`${error.message.split('. ')[0]}.`);
  }
}

function refuse(message) {
  console.error(`${message}\n${usage}`);
  process.exit(2);
}
