import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuseUsage } from '@enclos/cli-frame';
import { namesIn } from '@enclos/cli-frame/files';
import { durable } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { readVersion } from '../../files/version.ts';
import { checkPackedPackages, readPackedPackages, type PackedPackages } from './packed-packages.ts';
import { manifestWith, packagesOf, pnpmWorkspaceWith, specifiersOf } from './use-packed-packages.ts';

/** Those in TypeScript, whose packages npm installs. */
export const npmTemplates = ['app', 'service', 'tls-service', 'atls-service', 'job'] as const;
/** The kinds of application that a project can start as. */
export const templates = [...npmTemplates, 'go'] as const;

export interface CreateProjectOptions {
  /** The folder to make. Its last part is the name of the project. */
  readonly folder: string;
  readonly template: (typeof templates)[number];
  /** A folder of tarballs, as `npm run packages` writes them: the project installs these packages and asks no registry for them. */
  readonly from?: string | undefined;
}

export interface CreatedProject {
  readonly name: string;
  readonly folder: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
}

/** What the template is called in its own files. */
const placeholder = 'greeter-app';
/** The names of interfaces have no hyphens. */
const identifierPlaceholder = 'greeter_app';
const namePattern = /^[a-z][a-z0-9-]{0,62}$/;

// From dist/src/commands/new, where this module runs.
const templatesFolder = fileURLToPath(new URL('../../../../templates', import.meta.url));

/**
 * Makes a project from a template.
 * @throws CLI_USAGE for a name that no enclave can have, CLI_FOLDER_NOT_EMPTY, CLI_PACKAGES_UNUSABLE
 */
export async function createProject({ folder, template, from }: CreateProjectOptions): Promise<CreatedProject> {
  const name = basename(folder);
  if (!namePattern.test(name)) {
    refuseUsage(
      `${JSON.stringify(name)} cannot name an enclave: lower-case letters, digits and hyphens, at most 63, a letter first.`,
    );
  }
  if ((await stat(folder).catch(() => undefined))?.isDirectory() === false) {
    refuseUsage(`${folder} is there already, and is not a folder. Choose another name.`);
  }
  const present = (await namesIn(folder)) ?? [];
  if (present.length > 0) {
    throw new EnclosError('CLI_FOLDER_NOT_EMPTY', `${folder} is not empty.`, { details: { path: folder } });
  }
  if (template === 'go' && from !== undefined) {
    refuseUsage('--from is for templates in TypeScript: `enclos go` brings what Go programs import.');
  }
  const own = (await templateFiles(join(templatesFolder, template))).map((path) => join(template, path));
  // Before the first file is written: a refusal leaves no half of a project.
  const packed = from === undefined ? undefined : await packedFor(template, from);
  const files: string[] = [];
  for (const path of [...(await sharedFiles(template)), ...own]) {
    const text = await readFile(join(templatesFolder, path), 'utf8');
    const target = renamed(path.replace(`${template}/`, ''), name);
    await addFile(join(folder, target), withName(text, name));
    files.push(target);
  }
  if (packed !== undefined) files.push(...(await usePackages(folder, packed)));
  return Object.freeze({ name, folder, files: Object.freeze(files) });
}

async function packedFor(template: string, from: string): Promise<PackedPackages> {
  const packed = await readPackedPackages(from);
  const names = packagesOf(await readFile(join(templatesFolder, template, 'package.json'), 'utf8'));
  await checkPackedPackages(packed, { names, version: await readVersion() });
  return packed;
}

/** @returns the files that were added */
async function usePackages(folder: string, packed: PackedPackages): Promise<readonly string[]> {
  const specifiers = await specifiersOf(packed, folder);
  const manifest = join(folder, 'package.json');
  await durable.replace(manifest, manifestWith(await readFile(manifest, 'utf8'), specifiers), { mode: newFileMode });
  const workspace = 'pnpm-workspace.yaml';
  await addFile(join(folder, workspace), pnpmWorkspaceWith(specifiers));
  return [workspace];
}

/** The umask takes from it. */
const newFileMode = 0o666;

/** @throws CLI_FOLDER_NOT_EMPTY when another program made the file meanwhile */
async function addFile(path: string, text: string): Promise<void> {
  if (await durable.add(path, text, { mode: newFileMode, folderMode: 0o777 })) return;
  throw new EnclosError('CLI_FOLDER_NOT_EMPTY', `${path} was made by another program.`, { details: { path } });
}

const ignoredByGit = 'gitignore';

/** The files of every kind of project lie beside the folders of the kinds. Those for TypeScript are not for Go. */
async function sharedFiles(template: string): Promise<readonly string[]> {
  if (template === 'go') return [ignoredByGit];
  const entries = await readdir(templatesFolder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** What `npm install` or the type checker may leave in a template. */
const notTemplate = new Set(['node_modules', 'dist', '.enclos']);

async function templateFiles(folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (notTemplate.has(entry.name)) continue;
    if (entry.isDirectory()) {
      paths.push(...(await templateFiles(join(folder, entry.name))).map((path) => join(entry.name, path)));
    } else paths.push(entry.name);
  }
  return paths.sort();
}

/** npm leaves files named .gitignore out of packages, so the template has another name for it. */
function renamed(path: string, name: string): string {
  return path === ignoredByGit ? '.gitignore' : path.replaceAll(placeholder, name);
}

function withName(text: string, name: string): string {
  return text.replaceAll(placeholder, name).replaceAll(identifierPlaceholder, name.replaceAll('-', '_'));
}
