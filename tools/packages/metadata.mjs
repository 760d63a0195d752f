// What every published package says about itself, from one source: the package.json of the root.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readJson } from '../lib/workspace.mjs';

/** The sentence of a package that applications do not import. */
export const internalSentence = 'Internal to Enclos: its interface may change in any version.';

export const isPublished = ({ folder, manifest }) =>
  /^(?:packages|services)\//.test(folder) && manifest.private !== true;
const isInternal = ({ manifest }) => manifest.enclos?.internal === true;

/** The fields that a published package must have, with their values. */
export function sharedMetadata({ folder }, rootManifest) {
  const { license, homepage, bugs, repository, engines, enclos } = rootManifest;
  const up = '../'.repeat(folder.split('/').length);
  return {
    license,
    homepage: `${homepage}/tree/HEAD/${folder}#readme`,
    bugs,
    repository: { ...repository, directory: folder },
    engines,
    publishConfig: { access: 'public', provenance: true },
    scripts: { prepack: `"$npm_node_execpath" ${up}tools/packages/prepack.mjs` },
    enclos: { typescript: enclos.typescript },
  };
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `scripts` and `enclos` have more fields than the shared ones. */
const isHeld = (actual, wanted, key) =>
  ['scripts', 'enclos'].includes(key)
    ? isObject(actual) && Object.entries(wanted).every(([name, value]) => actual[name] === value)
    : isDeepStrictEqual(actual, wanted);

/** Problems with what a package says about itself; `readme` is the text of its README, which packages without one lack. */
export function metadataProblems(workspace, { rootManifest, readme = '' }) {
  if (!isPublished(workspace)) return [];
  const { folder, manifest } = workspace;
  const where = `${folder}/package.json`;
  const fix = 'node tools/packages.mjs --metadata';
  const shared = Object.entries(sharedMetadata(workspace, rootManifest))
    .filter(([key, wanted]) => !isHeld(manifest[key], wanted, key))
    .map(([key, wanted]) => ({ where, what: `${key} is not ${JSON.stringify(wanted)}`, fix }));
  const { keywords = [], files = [], description = '' } = manifest;
  const lacking = rootManifest.keywords.filter((word) => !keywords.includes(word));
  const problems = [...shared];
  if (lacking.length > 0) problems.push({ where, what: `keywords lack ${lacking.join(', ')}`, fix });
  // Maps lead to the sources, and a reader of a published package follows them.
  if (files.includes('dist/src') && !files.includes('src')) problems.push({ where, what: 'files lacks src', fix });
  if (isInternal(workspace) && !description.endsWith(internalSentence)) {
    problems.push({ where, what: `description does not end with "${internalSentence}"`, fix });
  }
  if (isInternal(workspace) && !readme.includes(internalSentence)) {
    problems.push({
      where: `${folder}/README.md`,
      what: `does not say "${internalSentence}"`,
      fix: 'add the sentence',
    });
  }
  if (!isInternal(workspace) && description.includes(internalSentence)) {
    problems.push({
      where,
      what: 'description says that it is internal, and enclos.internal does not',
      fix: 'say one',
    });
  }
  return problems;
}

function withMetadata(workspace, rootManifest) {
  const { manifest } = workspace;
  const shared = sharedMetadata(workspace, rootManifest);
  const { files = [], keywords = [], description } = manifest;
  return {
    ...manifest,
    ...shared,
    description:
      isInternal(workspace) && !description.endsWith(internalSentence)
        ? `${description} ${internalSentence}`
        : description,
    keywords: [...rootManifest.keywords, ...keywords.filter((word) => !rootManifest.keywords.includes(word))],
    files: files.includes('dist/src') && !files.includes('src') ? [...files, 'src'] : files,
    scripts: { ...manifest.scripts, ...shared.scripts },
    enclos: { ...manifest.enclos, ...shared.enclos },
  };
}

/** Writes the shared fields into the package.json of these workspaces. */
export function writeMetadata(workspaces, rootManifest) {
  for (const workspace of workspaces.filter(isPublished)) {
    const path = join(workspace.path, 'package.json');
    writeFileSync(
      path,
      `${JSON.stringify(withMetadata({ ...workspace, manifest: readJson(path) }, rootManifest), null, 2)}\n`,
    );
  }
}
