import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readSmallJson, readSmallText, unreadable } from '@enclos/cli-frame/files';
import {
  lintManifests,
  parseTaint,
  type ImageLabels,
  type LintFile,
  type LintOutcome,
  type Taint,
} from '@enclos/kubernetes/lint';
import { EnclosError } from '@enclos/errors';
import { isRecord } from '@enclos/evidence';

export interface LintManifestOptions {
  /** Files and folders; absolute. */
  readonly paths: readonly string[];
  /** Findings name files relative to it. */
  readonly cwd: string;
  /** What standard input holds, where it is one of the manifests. */
  readonly stdin?: string | undefined;
  readonly now: Date;
  /** As `kubectl taint` takes them. */
  readonly taints?: readonly string[];
  /** A JSON file with the labels of images by reference. */
  readonly imageLabels?: string | undefined;
}

export interface LintedManifests extends LintOutcome {
  readonly files: number;
}

/** A whole cluster in one file is some MiB. */
const mostBytes = 64 * 1024 * 1024;
const mostBytesTogether = 256 * 1024 * 1024;
const mostFiles = 10_000;
const extensions = /\.(?:ya?ml|json)$/i;

/**
 * Reads files, and every YAML and JSON file of folders. A file that several of the paths lead to is read once.
 * @param paths files and folders; absolute
 * @param cwd the manifests are named relative to it
 * @throws CLI_FILE_UNREADABLE; CLI_FILE_INVALID; CLI_USAGE for too many manifests, or too large ones together
 */
async function manifestsOf(paths: readonly string[], cwd: string): Promise<readonly LintFile[]> {
  const found = new Set<string>();
  for (const path of paths) {
    for (const file of await manifestsIn(path)) found.add(file);
    if (found.size > mostFiles) throw new EnclosError('CLI_USAGE', `There are more than ${mostFiles} manifests.`);
  }
  const files: LintFile[] = [];
  let length = 0;
  for (const file of found) {
    const text = await readSmallText(file, mostBytes);
    length += text.length;
    if (length > mostBytesTogether) {
      throw new EnclosError('CLI_USAGE', `The manifests have more than ${mostBytesTogether} bytes together.`);
    }
    files.push({ name: relative(cwd, file), text });
  }
  return files;
}

/**
 * Checks the manifests of files, and of every YAML and JSON file in folders.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLI_USAGE for a taint that is not one or too many manifests
 */
export async function lint({
  paths,
  cwd,
  stdin,
  now,
  taints = [],
  imageLabels,
}: LintManifestOptions): Promise<LintedManifests> {
  const given = stdin === undefined ? [] : [{ name: '<stdin>', text: stdin }];
  const files = [...(await manifestsOf(paths, cwd)), ...given];
  const images = imageLabels === undefined ? {} : await readLabels(imageLabels);
  return { ...lintManifests(files, { now, images, taints: taints.map(taintOf) }), files: files.length };
}

function taintOf(text: string): Taint {
  const taint = parseTaint(text);
  if (taint !== undefined) return taint;
  throw new EnclosError(
    'CLI_USAGE',
    `--taint is KEY[=VALUE]:EFFECT, as in kubectl taint, not ${JSON.stringify(text)}.`,
  );
}

async function manifestsIn(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (!found.isDirectory()) return [path];
  const files: string[] = [];
  const waiting = [path];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      // Links are not followed: they may lead around in circles.
      if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) {
        waiting.push(join(folder, entry.name));
      } else if (entry.isFile() && extensions.test(entry.name)) files.push(join(folder, entry.name));
    }
    if (files.length > mostFiles) throw new EnclosError('CLI_USAGE', `${path} has more than ${mostFiles} manifests.`);
  }
  return files.sort();
}

/** Labels by reference: `{"NAME@sha256:…": {"dev.enclos.debug": "false"}}`. */
async function readLabels(path: string): Promise<ImageLabels> {
  const value = await readSmallJson(path, mostBytes);
  const isLabels = (labels: unknown): boolean =>
    isRecord(labels) && Object.values(labels).every((label) => typeof label === 'string');
  if (isRecord(value) && Object.values(value).every(isLabels)) return value as ImageLabels;
  throw new EnclosError('CLI_FILE_INVALID', `${path} does not hold labels by image.`, { details: { path } });
}
