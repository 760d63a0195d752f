// docs/reference/edl-rules.md is written from the table of rules of packages/model/edl-compiler, and from what the compiler says of the
// example of each, which the tests hold it to.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkGenerated } from './generated.mjs';

const path = 'docs/reference/edl-rules.md';
const owners = { oe: "Open Enclave's compiler", intel: "Intel's compiler" };
const programs = { oe: 'oeedger8r', intel: 'sgx_edger8r' };

const introduction = `# Rules of EDL files

<!-- Written by \`node tools/docs.mjs --write\` from the rules of packages/model/edl-compiler. Do not edit by hand. -->

\`enclos edl check\` holds interfaces to these rules. Two compilers read EDL files, and each has rules the other has not:
\`oeedger8r\` of Open Enclave (described as of oeedger8r-cpp b726d33, 2025) and \`sgx_edger8r\` of Intel's SGX SDK (2.26). Each finding has the code
of its rule; its notes quote what the SDK's own compiler prints.

With \`--dialect oe\` or \`--dialect intel\` a file has to keep the rules of that compiler. By default it has to keep those of at least one of the
two, and warnings of a compiler that refuses the file are not shown. What only one of them refuses is shown with \`-Wdialect\`.

Some rules have no text of an SDK: there the compilers write C that does not compile, or that means something else than it seems to.

## Warnings that can be chosen

\`-Wx\` shows a warning, \`-Wno-x\` hides it, \`-Werror=x\` makes it an error, \`-Wall\` shows all but \`dialect-difference\`, and \`-Werror\` makes each
that is shown an error. As in oeedger8r, the order of options does not matter: \`-Wno-x\` wins over \`-Werror=x\`, and that over \`-Wx\`.

FAMILIES
`;

function familyTable(families) {
  const rows = Object.entries(families).map(
    ([name, { isDefault, about }]) => `| \`${name}\` | ${about} | ${isDefault ? 'shown' : 'hidden'} |`,
  );
  return ['| warning | about | by default |', '|---|---|---|', ...rows].join('\n');
}

const fenced = (text) => `\`\`\`text\n${text.replaceAll('\f', '\u240C').replaceAll('\uFEFF', '').trimEnd()}\n\`\`\``;

function kindOf({ dialects, severity, family }) {
  const whose = dialects.map((dialect) => owners[dialect]).join(' and ');
  return severity === 'warning' ? `Warning \`${family}\`, for users of ${whose}.` : `Refused by ${whose}.`;
}

function entryOf(rule, example, diagnose) {
  const head = `### ${rule.code}\n\n*${kindOf(rule)}*`;
  if (example === undefined) return `${head} ${rule.text('')}\n`;
  const diagnostic = diagnose(rule, example);
  const printed = diagnostic.notes.filter((note) =>
    Object.values(programs).some((name) => note.startsWith(`${name}: `)),
  );
  const said = [...printed, ...(diagnostic.suggestion === undefined ? [] : [`use: ${diagnostic.suggestion}`])];
  const others = Object.entries(example.files ?? {}).map(([name, text]) => `${name}:\n\n${fenced(text)}`);
  return [
    `${head} ${diagnostic.text}`,
    fenced(example.refused),
    ...others,
    ...(said.length === 0 ? [] : [fenced(said.join('\n'))]),
    'Accepted:',
    fenced(example.accepted),
    '',
  ].join('\n\n');
}

/** Writes the page, or compares it; returns problems, one line each. */
export async function checkEdlRulesPage(base, { write }) {
  const built = (file) => import(pathToFileURL(join(base, 'packages/model/edl-compiler/dist', file)).href);
  const { edlRules } = await built('src/all-rules.js');
  const { warningFamilies } = await built('src/index.js');
  const { ruleExamples } = await built('test/rule-examples/examples.js');
  const { compileExample } = await built('test/rule-examples/compile.js');
  const diagnose = (rule, example) => {
    const found = ['both', ...rule.dialects]
      .flatMap((dialect) => compileExample(example, { part: 'refused', dialect, family: rule.family }).diagnostics)
      .find(({ code }) => code === rule.code);
    if (found === undefined) throw new Error(`The example of ${rule.code} does not break it.`);
    return found;
  };
  const sections = edlRules.map(({ title, rules }) =>
    [`## ${title}`, ...rules.map((rule) => entryOf(rule, ruleExamples[rule.code], diagnose))].join('\n\n'),
  );
  const text = `${introduction.replace('FAMILIES', familyTable(warningFamilies))}\n${sections.join('\n')}`;
  return checkGenerated(base, [[path, text.replaceAll(/\n{3,}/g, '\n\n')]], { write, source: 'the rules say' });
}
