import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnclosError } from '@enclos/errors';
import { refuseUsage } from '../../usage/usage-error.ts';
import { namesIn } from '../../files/read.ts';

/** The kinds of application that a project can start as. */
export const templates = ['app', 'service', 'tls-service', 'atls-service', 'job'] as const;

export interface CreateProjectOptions {
  /** The folder to make. Its last part is the name of the project. */
  readonly folder: string;
  readonly template: (typeof templates)[number];
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
 * @throws CLI_USAGE for a name that no enclave can have, CLI_FOLDER_NOT_EMPTY
 */
export async function createProject({ folder, template }: CreateProjectOptions): Promise<CreatedProject> {
  const name = basename(folder);
  if (!namePattern.test(name)) {
    refuseUsage(
      `${JSON.stringify(name)} cannot name an enclave: lower-case letters, digits and hyphens, at most 63, a letter first.`,
    );
  }
  const present = (await namesIn(folder)) ?? [];
  if (present.length > 0) {
    throw new EnclosError('CLI_FOLDER_NOT_EMPTY', `${folder} is not empty.`, { details: { path: folder } });
  }
  const own = (await templateFiles(join(templatesFolder, template))).map((path) => join(template, path));
  const files: string[] = [];
  for (const path of [...(await sharedFiles()), ...own]) {
    const text = await readFile(join(templatesFolder, path), 'utf8');
    const target = renamed(path.replace(`${template}/`, ''), name);
    await mkdir(dirname(join(folder, target)), { recursive: true });
    await writeFile(join(folder, target), withName(text, name), { flag: 'wx' });
    files.push(target);
  }
  return Object.freeze({ name, folder, files: Object.freeze(files) });
}

/** The files of every kind of project lie beside the folders of the kinds. */
async function sharedFiles(): Promise<readonly string[]> {
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
  return path === 'gitignore' ? '.gitignore' : path.replaceAll(placeholder, name);
}

function withName(text: string, name: string): string {
  return text.replaceAll(placeholder, name).replaceAll(identifierPlaceholder, name.replaceAll('-', '_'));
}
