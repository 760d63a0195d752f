// docs/reference/packages-inside.md is written from what tools/packages-inside.mjs recorded.
import { join } from 'node:path';
import { readJson } from '../lib/workspace.mjs';
import { uses } from '../packages-inside/uses.mjs';
import { checkGenerated } from './generated.mjs';

const path = 'docs/reference/packages-inside.md';

const introduction = `# npm packages inside enclaves

<!-- Written by \`node tools/docs.mjs --write\` from tools/packages-inside/. Do not edit by hand. -->

These versions were tried inside real enclaves of the software platform, each by one small use and nothing else.
\`node tools/packages-inside.mjs\` does it again and compares.

An enclave has the language, the parts of the web platform without authority, and the modules of Node that only compute. What
packages run into:

- **A module that an enclave lacks**, such as \`fs\`. A package may catch that. Where it does not, the build takes the files that the
  package has for browsers; the table says "as for browsers". What is left fails the build. If the package can do without the
  module, list it in \`absent\` of [enclave.json](enclave-json.md).
- **A global that an enclave lacks**, such as \`fetch\`. The build warns; only code that needs it throws.
- **Code from text** (\`new Function\`). It throws: an enclave runs the code that was measured and no other. Many packages can
  generate their code before the build.
- **Fixed prototypes.** The prototypes of the language take no new members: a package that extends \`String.prototype\` fails when it
  is loaded. Existing members can be replaced, except \`call\`, \`apply\` and \`bind\` of \`Function.prototype\`.
- **Time and randomness.** \`Date\` and timers show the host's clock. \`crypto.getRandomValues\` and \`node:crypto\` are the
  interpreter's own generator.

| package | version | result | notes |
|---|---|---|---|
`;

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

function notesOf({ browserPackages, warnings, works, failure }, { why, advice }) {
  return [
    ...(browserPackages === undefined ? [] : [`As for browsers: ${browserPackages.join(', ')}.`]),
    ...(works ? [] : [`\`${failure}\``, ...(why === undefined ? [] : [sentence(why)])]),
    ...(advice === undefined ? [] : [works ? sentence(advice) : `What works: ${advice}.`]),
    ...(warnings ?? []).map((text) => `The build warns: ${text}.`),
  ].join(' ');
}

function pageText(root) {
  const rows = readJson(join(root, 'tools/packages-inside/results.json')).map((result) => {
    const { name, part, version, works } = result;
    const use = uses.find((other) => other.name === name && other.part === part) ?? {};
    const what = part === undefined ? name : `${name}, ${part}`;
    const cells = [what, version, works ? 'works' : '**does not work**', notesOf(result, use)];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `${introduction}${rows.join('\n')}\n`;
}

/** @returns problems; none after `write`. */
export function checkPackagesInsidePage(root, { write }) {
  return checkGenerated(root, [[path, pageText(root)]], { write, source: 'tools/packages-inside/ says' });
}
