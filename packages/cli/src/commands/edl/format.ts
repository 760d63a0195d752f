import { formatEdl } from '@enclos/edl-compiler';
import { EnclosError } from '@enclos/errors';
import { writeFileAtomically } from '@enclos/build';
import { defineCommand } from '../define.ts';
import { markOf } from '../../output/table.ts';
import { refuseUsage } from '../../usage/usage-error.ts';
import { readSource, settingsOf } from './compile.ts';
import { compileOptions } from './options.ts';

export const command = defineCommand({
  description: [
    'Prints an EDL file in its standard form, with its comments and directives.',
    'Two spaces for each brace, one statement a line, at most 100 columns where parameters allow it.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The EDL file', required: true, extensions: ['edl'] } },
  options: {
    dialect: compileOptions.dialect,
    define: compileOptions.define,
    check: { type: 'boolean', summary: 'Print nothing, and fail unless the file already has this form' },
    write: { type: 'boolean', summary: 'Write it back into the file' },
  },
  examples: [
    { command: 'enclos edl format enclave.edl --write', summary: 'Format a file' },
    { command: 'enclos edl format enclave.edl --check', summary: 'Check the form in a pipeline' },
  ],
  exitCodes: { 2: 'The file breaks a rule of the grammar; or with --check, it has another form.' },
  async run({ arguments: { file }, options: { check, write, dialect, define } }, { io, path }) {
    if (check && write) refuseUsage('Give either --check or --write.');
    const { defines } = settingsOf({ dialect, define, warn: [], 'search-path': [] }, io.cwd);
    const before = await readSource(path(file));
    const text = formatEdl({ path: file, text: before }, { dialect, defines });
    const changed = text !== before;
    if (write && changed) await writeFileAtomically(path(file), text);
    return { path: file, text, changed, written: write && changed, check, write };
  },
  human({ path, text, changed, check, write }, printer) {
    if (!check && !write) printer.line(text.trimEnd());
    else if (!changed) printer.line(`${markOf('ok', printer)} ${path} is formatted`);
    else if (write) printer.line(`${markOf('ok', printer)} formatted ${path}`);
  },
  json: ({ path, text, changed, written }) => ({ path, changed, written, text }),
  failure: ({ path, changed, check }) =>
    check && changed
      ? new EnclosError('CLI_EDL_UNFORMATTED', `${path} is not in the standard form.`, { details: { path } })
      : undefined,
});
