// What others hold packages to: publint (does each bundler and each Node find what package.json names?) and
// are-the-types-wrong (do the types say what the code is, in every way to resolve them?).
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { readJson } from '../lib/workspace.mjs';
import { join } from 'node:path';

/** The packages are modules of ECMAScript only: CommonJS loads them with `import()`, and nothing older reads `exports`. */
const otherWays = new Set(['node10', 'node16-cjs']);

async function publintProblems(folder) {
  const manifest = readJson(join(folder, 'package.json'));
  const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false }) ?? message.code}`);
}

async function typesProblems(tarball) {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
  // A package without types, such as a command, has nothing that could be wrong.
  if (result.types === false) return [];
  return result.problems
    .filter(({ resolutionKind }) => !otherWays.has(resolutionKind))
    .map(({ kind, entrypoint = '', resolutionKind = '' }) =>
      `types: ${kind} ${entrypoint} ${resolutionKind}`.trimEnd(),
    );
}

/** Problems of one package, one line each. @param folder where it is laid out; @param tarball the same, packed */
export async function lintProblems({ folder, tarball }) {
  return [...(await publintProblems(folder)), ...(await typesProblems(tarball))];
}
