import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { readJson } from '../lib/workspace.mjs';
import { parseMarkdown } from './markdown.mjs';

const templates = 'packages/cli/templates';
/** `enclos new ../notes --template service --from .packages`, by any name of the command. */
const newProject = /(?:^|\s)(?:enclos|@enclos\/cli|cli) new\s+(\S+)([^\n]*)/g;
const install = /(?:^|\s)npm (?:install|i)\s+([^\n&|;]*)/g;
const importOf = /(?:\bfrom|\bimport\(?)\s*['"]([^'"]+)['"]/g;

/**
 * A page that makes a project shows files of it. In a clone every package resolves, so a reader outside it would be the first to
 * notice that a file imports what neither the template nor the page installs.
 * @returns the problems
 */
export function checkTemplateImports(pages, base) {
  return pages.flatMap((page) => problemsOf(page, parseMarkdown(readFileSync(join(base, page), 'utf8')).blocks, base));
}

function problemsOf(page, blocks, base) {
  const problems = [];
  let installed;
  for (const { info, body, line } of blocks) {
    const language = info.split(/\s+/)[0];
    if (language === 'sh') {
      for (const [, , options] of body.matchAll(newProject)) installed = packagesOf(options, base);
      for (const [, words] of body.matchAll(install)) for (const name of namesOf(words)) installed?.add(name);
    }
    if (installed === undefined || !/^tsx?$/.test(language) || !/\sfile=/.test(info)) continue;
    for (const [index, text] of body.split('\n').entries()) {
      for (const [, specifier] of text.matchAll(importOf)) {
        const name = packageOf(specifier);
        if (name === undefined || installed.has(name)) continue;
        problems.push(
          `${page}:${line + index}: ${name} is imported, and the page never installs it: npm install ${name}`,
        );
      }
    }
  }
  return problems;
}

function packagesOf(options, base) {
  const [, template = 'app'] = /--template[ =]([\w-]+)/.exec(options) ?? [];
  const path = join(base, templates, template, 'package.json');
  // That of Go has none.
  const manifest = existsSync(path) ? readJson(path) : {};
  return new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]);
}

/** Also of tarballs, with several names in braces: `.packages/enclos-{errors,http}-*.tgz`. */
function namesOf(words) {
  return words
    .split(/\s+/)
    .filter((word) => word !== '' && !word.startsWith('-'))
    .flatMap((word) => {
      const [, braced, plain] = /enclos-(?:\{([\w,-]+)\}|([\w-]+?))-(?:\*|\d[\w.]*)\.tgz$/.exec(word) ?? [];
      const names = braced?.split(',') ?? (plain === undefined ? undefined : [plain]);
      return names?.map((name) => `@enclos/${name}`) ?? [word.replace(/(?<=.)@[^@/]*$/, '')];
    });
}

/** Undefined for a file and for a module of Node. */
function packageOf(specifier) {
  const isFile = specifier.startsWith('.') || specifier.startsWith('node:') || builtinModules.includes(specifier);
  return isFile ? undefined : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
