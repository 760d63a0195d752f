import { defineCommand } from '@enclos/cli-frame';
import { generateDocumentation } from '@enclos/edl-calls';
import { modelOf, renderDiagnostics, settingsOf } from '../../interfaces/compile.ts';
import { compileOptions, outOptions } from '../../interfaces/options.ts';
import { outdated, renderMade, writeOut } from '../../interfaces/write-out.ts';

export const command = defineCommand({
  description: [
    'Describes the interface of an EDL file in Markdown: functions, parameters, what is copied in which direction and how much of it, and which call may be made when.',
    'Addresses that nothing checks come first.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The EDL file', required: true, extensions: ['edl'] } },
  options: { ...compileOptions, ...outOptions },
  examples: [{ command: 'enclos edl doc enclave.edl --out docs/enclave.md', summary: 'Write a page for reviewers' }],
  exitCodes: { 2: 'The file breaks a rule; or with --check, the page is not up to date.' },
  async run({ arguments: { file }, options }, { io, path, notes }) {
    const { model, diagnostics } = await modelOf(file, settingsOf(options, io.cwd));
    renderDiagnostics(diagnostics, notes);
    return { diagnostics, ...(await writeOut(generateDocumentation(model), path(options.out), options.check)) };
  },
  human: renderMade,
  json: (made) => made,
  failure: outdated,
});
