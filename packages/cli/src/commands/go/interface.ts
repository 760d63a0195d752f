import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { loadInterface, loadProject, type InterfaceSource } from '@enclos/build';
import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { generateGo } from '@enclos/edl-go';
import { outOptions } from '../../interfaces/options.ts';
import { outdated, renderMade, writeOut } from '../../interfaces/write-out.ts';

export const command = defineCommand({
  description: [
    'Writes one Go file for an interface: its types with their bounds, an interface `Trusted` for the program to implement, `Serve`, and `Host` with the functions of the host.',
    'The interface is the one that enclave.json names, or the one that a module in TypeScript exports; the module is run to learn it.',
    'The file imports the SDK (enclos.invalid/sdk), which `enclos go build` finds. The same interface gives the same bytes anywhere.',
  ],
  arguments: {
    source: {
      value: 'FOLDER|FILE',
      summary: 'The folder of enclave.json, or the module of the interface',
      default: '.',
      extensions: ['ts'],
    },
  },
  options: {
    package: { type: 'string', value: 'NAME', summary: 'The name of the Go package; default: that of the interface' },
    ...outOptions,
  },
  examples: [
    {
      command: 'enclos go interface --package notes --out notes/notes.go',
      summary: 'Write the interface of the project in this folder as package notes',
    },
    {
      command: 'enclos go interface --package notes --out notes/notes.go --check',
      summary: 'Check in a pipeline that it is up to date',
    },
  ],
  exitCodes: { 2: 'The interface cannot be loaded; or with --check, the file is not up to date.' },
  async run({ arguments: { source }, options }, { path }) {
    const found = await loadInterface(await sourceOf(path(source)));
    const packageName = options.package ?? found.name.toLowerCase();
    return writeOut(generateGo(found, { packageName }), path(options.out), options.check);
  },
  human: renderMade,
  json: (made) => made,
  failure: outdated,
});

/** @throws CLI_USAGE for a project whose program has no interface, and what `loadProject` throws */
async function sourceOf(path: string): Promise<InterfaceSource> {
  const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
  if (isFile) {
    const file = await realpath(path);
    return { folder: dirname(file), name: basename(file, '.ts'), interface: basename(file), absent: [] };
  }
  const project = await loadProject(path);
  if (project.program?.hasInterface === false) {
    return refuseUsage('The enclave.json names no interface: add "interface": "FILE.edl.ts", or name the file.');
  }
  return project;
}
