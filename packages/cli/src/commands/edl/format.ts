import { writeFileAtomically } from '@enclos/build';
import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { markOf } from '@enclos/cli-frame/output';
import { formatEdl } from '@enclos/edl-compiler';
import { EnclosError } from '@enclos/errors';
import { definesOf, readSource } from '../../interfaces/compile.ts';
import { compileOptions } from '../../interfaces/options.ts';
import { hasText } from '../../interfaces/write-out.ts';

export const command = defineCommand({
  description: [
    'Prints an EDL file in its standard form, with its comments and directives.',
    'Two spaces for each brace, one statement a line, at most 100 columns where parameters allow it.',
  ],
  arguments: { files: { value: 'FILE', summary: 'The files', required: true, multiple: true, extensions: ['edl'] } },
  options: {
    dialect: compileOptions.dialect,
    define: compileOptions.define,
    check: { type: 'boolean', summary: 'Write nothing, and fail unless the files already have this form' },
    write: { type: 'boolean', summary: 'Write it back into the files' },
  },
  examples: [
    { command: 'enclos edl format enclave.edl --write', summary: 'Format a file' },
    { command: 'enclos edl format *.edl --check', summary: 'Check the form in a pipeline' },
  ],
  exitCodes: { 2: 'A file cannot be parsed; or with --check, one has another form.' },
  async run({ arguments: { files }, options }, { path: absolute }) {
    const { check, write, dialect, define } = options;
    if (check && write) refuseUsage('Give either --check or --write.');
    if (!check && !write && files.length > 1) refuseUsage('Give --check or --write with several files.');
    const defines = definesOf(define);
    const formatted: FormattedFile[] = [];
    for (const file of files) {
      const path = absolute(file);
      const text = formatEdl({ path: file, text: await readSource(path) }, { dialect, defines });
      formatted.push({ file, path, text, changed: !(await hasText(path, text)) });
    }
    // All are parsed before one is written.
    for (const { path, text, changed } of formatted) if (write && changed) await writeFileAtomically(path, text);
    return { formatted, check, write };
  },
  human({ formatted, check, write }, printer) {
    for (const { file, text, changed } of formatted) {
      if (!check && !write) printer.line(text.trimEnd());
      else if (!changed) printer.line(`${markOf('ok', printer)} ${file} is formatted`);
      else if (write) printer.line(`${markOf('ok', printer)} formatted ${file}`);
      else printer.line(`${markOf('failure', printer)} ${file} is not in the standard form`);
    }
  },
  json: ({ formatted, write }) => ({
    files: formatted.map(({ file, text, changed }) => ({ file, changed, written: write && changed, text })),
  }),
  failure({ formatted, check }) {
    const first = formatted.find(({ changed }) => changed);
    if (!check || first === undefined) return undefined;
    return new EnclosError('CLI_EDL_UNFORMATTED', `${first.file} is not in the standard form.`, {
      details: { path: first.path },
    });
  },
});

interface FormattedFile {
  /** As it was given. */
  readonly file: string;
  readonly path: string;
  readonly text: string;
  /** Whether it had another form. */
  readonly changed: boolean;
}
