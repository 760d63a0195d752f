import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exists, readSmallJson } from '@enclos/cli-frame/files';
import { JsonRecord, meaning, string, strings } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';

/** Tarballs of packages in a folder, as `npm run packages` writes them. */
export interface PackedPackages {
  /** Absolute. */
  readonly folder: string;
  readonly version: string;
  /** By the name of the package. */
  readonly packages: ReadonlyMap<string, PackedPackage>;
}

export interface PackedPackage {
  /** The name of the tarball in the folder. */
  readonly file: string;
  /** `sha512-…`, as npm writes it. */
  readonly integrity: string;
  /** The packages of the same folder that it imports. */
  readonly dependencies: readonly string[];
}

const indexName = 'packages.json';
const maximumIndexBytes = 1024 * 1024;
const maximumPackages = 1000;

const fileName = meaning('the name of a tarball', (text) =>
  /^[a-z0-9][a-z0-9.-]{0,250}\.tgz$/.test(text) ? text : undefined,
);
const packageName = meaning('the name of a package', (text) =>
  text.length <= 214 && /^(?:@[a-z0-9-]+\/)?[a-z0-9-]+$/.test(text) ? text : undefined,
);

function unusable(message: string, details: Readonly<Record<string, string>>, cause?: unknown): EnclosError {
  return new EnclosError('CLI_PACKAGES_UNUSABLE', message, { details, ...(cause === undefined ? {} : { cause }) });
}

/**
 * Reads the index of a folder of tarballs. The tarballs are not read here.
 * @throws CLI_PACKAGES_UNUSABLE
 */
export async function readPackedPackages(folder: string): Promise<PackedPackages> {
  const index = join(folder, indexName);
  if (!(await exists(index))) {
    const what = (await exists(folder)) ? `has no ${indexName}, so it holds no packages` : 'does not exist';
    throw unusable(`${folder} ${what}.`, { path: folder });
  }
  try {
    const record = new JsonRecord(await readSmallJson(index, maximumIndexBytes), indexName);
    const entries = record.records('packages', 1, maximumPackages).map((each): [string, PackedPackage] => [
      each.required('name', packageName),
      Object.freeze({
        file: each.required('file', fileName),
        integrity: each.required('integrity', string(200)),
        dependencies: each.required('dependencies', strings(maximumPackages, 214)),
      }),
    ]);
    return Object.freeze({ folder, version: record.required('version', string(100)), packages: new Map(entries) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw unusable(`${index} is not a list of packages: ${reason}`, { path: index }, cause);
  }
}

/**
 * Makes sure that everything that these packages need of Enclos is in the folder, whole and of one version.
 * @throws CLI_PACKAGES_UNUSABLE
 */
export async function checkPackedPackages(
  packed: PackedPackages,
  { names, version }: { readonly names: readonly string[]; readonly version: string },
): Promise<void> {
  const { folder, packages } = packed;
  if (packed.version !== version) {
    throw unusable(`${folder} holds packages of version ${packed.version}, and this command is version ${version}.`, {
      path: folder,
    });
  }
  const wanted = [...names];
  // The list grows while it is walked: each package adds what it imports.
  for (const name of wanted) {
    const found = packages.get(name);
    if (found === undefined) throw unusable(`${folder} lacks the package ${name}.`, { path: folder, package: name });
    await checkTarball(folder, found);
    wanted.push(...found.dependencies.filter((dependency) => !wanted.includes(dependency)));
  }
}

async function checkTarball(folder: string, { file, integrity }: PackedPackage): Promise<void> {
  const path = join(folder, file);
  // A device or a pipe may have no end.
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) {
    throw unusable(`${folder} lacks the tarball ${file}.`, { path });
  }
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  if (`sha512-${hash.digest('base64')}` !== integrity) {
    throw unusable(`${path} is not the tarball that ${indexName} describes.`, { path });
  }
}
