import { createHash } from 'node:crypto';
import { defineCommand } from '@enclos/cli-frame';
import { generateTypeScript } from '@enclos/edl-calls';
import { modelOf, renderDiagnostics, settingsOf } from '../../interfaces/compile.ts';
import { readForeignTypes } from '../../interfaces/foreign.ts';
import { codeOptions, compileOptions, outOptions } from '../../interfaces/options.ts';
import { outdated, renderMade, writeOut } from '../../interfaces/write-out.ts';

export const command = defineCommand({
  description: [
    'Writes one TypeScript module for an EDL file: types, the functions of both sides, the checked interface with its digest, and functions that make and serve calls.',
    'It imports `@enclos/edl-calls/host`.',
    'The same file and options give the same bytes anywhere.',
    '',
    'Types that only C headers define have to be told with --foreign where they are passed.',
    'An address that nothing checks (`user_check`) is null, unless --allow-user-check names it.',
    '',
    'It writes no C: that is what oeedger8r and sgx_edger8r are for, with their --trusted, --untrusted and --use-prefix.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The EDL file', required: true, extensions: ['edl'] } },
  options: { ...compileOptions, ...codeOptions, ...outOptions },
  examples: [
    { command: 'enclos edl gen enclave.edl --out src/enclave.edl.ts', summary: 'Write the module' },
    {
      command: 'enclos edl gen enclave.edl --out src/enclave.edl.ts --check',
      summary: 'Check in a pipeline that it is up to date',
    },
    {
      command: 'enclos edl gen enclave.edl --foreign types.json --allow-user-check ecall_map.address',
      summary: 'Print it, with a type of a C header and an address',
    },
  ],
  exitCodes: { 2: 'The file breaks a rule; a type is not known; or with --check, the module is not up to date.' },
  async run({ arguments: { file }, options }, { io, path, notes }) {
    const { model, diagnostics } = await modelOf(file, settingsOf(options, io.cwd));
    renderDiagnostics(diagnostics, notes);
    const text = generateTypeScript(model, {
      foreign: await readForeignTypes(path(options.foreign)),
      userCheck: options['allow-user-check'],
      sha256: (bytes) => createHash('sha256').update(bytes).digest(),
    });
    return { diagnostics, ...(await writeOut(text, path(options.out), options.check)) };
  },
  human: renderMade,
  json: (made) => made,
  failure: outdated,
});
