import { defineCommand } from '@enclos/cli-frame';
import { markOf } from '@enclos/cli-frame/output';
import type { Diagnostic } from '@enclos/diagnostics';
import type { Compilation } from '@enclos/edl-compiler';
import { grouped } from '@enclos/command-line';
import { compileFile, renderDiagnostics, settingsOf } from '../../interfaces/compile.ts';
import { compileOptions } from '../../interfaces/options.ts';

export const command = defineCommand({
  description: [
    "Reads EDL files of Intel's SGX SDK and of Open Enclave with what they import, and marks everything that their compilers refuse.",
    'What the compilers print for it stands beside each mark.',
    '',
    'By default a file is accepted when one of the two compilers accepts all of it; with --dialect it is checked by the rules of that one.',
    'docs/reference/edl.md describes the language and where the dialects differ.',
  ],
  arguments: {
    files: { value: 'FILE', summary: 'The files', required: true, multiple: true, extensions: ['edl'] },
  },
  options: compileOptions,
  examples: [
    { command: 'enclos edl check enclave.edl', summary: 'Check a file and what it imports' },
    {
      command: 'enclos edl check enclave.edl --dialect intel -Werror',
      summary: "Check it as Intel's compiler does, and fail on warnings",
    },
    {
      command: 'enclos edl check *.edl --search-path include:edl -DDEBUG -Wdialect',
      summary: 'Check files, and show where they are of one dialect',
    },
  ],
  exitCodes: { 2: 'A file breaks a rule, or the command line is wrong.' },
  async run({ arguments: { files }, options }, { io }) {
    const settings = settingsOf(options, io.cwd);
    const checked: CheckedFile[] = [];
    for (const file of files) checked.push({ file, ...(await compileFile(file, settings)) });
    const all = withoutRepeated(checked.flatMap(({ diagnostics }) => diagnostics));
    const errors = all.filter(({ severity }) => severity !== 'warning').length;
    return { checked, diagnostics: all, errors, warnings: all.length - errors };
  },
  human({ checked, diagnostics, errors, warnings }, printer) {
    renderDiagnostics(diagnostics, printer);
    for (const { file, model } of checked) {
      if (model === undefined) continue;
      const { ecalls, ocalls } = model;
      printer.line(
        `${markOf('ok', printer)} ${file}: ${counted(ecalls.length, 'ECALL')}, ${counted(ocalls.length, 'OCALL')}`,
      );
    }
    if (errors + warnings === 0) return;
    const mark = markOf(errors > 0 ? 'failure' : 'warning', printer);
    printer.line(`${mark} ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`);
  },
  json: ({ checked, diagnostics, errors, warnings }) => ({
    errors,
    warnings,
    files: checked.map(({ file, files, model }) => ({
      file,
      read: files,
      ...(model === undefined ? {} : { ecalls: model.ecalls.length, ocalls: model.ocalls.length }),
    })),
    diagnostics,
  }),
  exitCode: ({ errors }) => (errors > 0 ? 2 : 0),
});

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;
}

interface CheckedFile extends Compilation {
  readonly file: string;
}

/** A file that several others import is reported once. */
function withoutRepeated(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic])).values()];
}
