import { defineCommand } from '@enclos/cli-frame';
import { stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import { markOf } from '@enclos/cli-frame/output';
import { printable } from '@enclos/command-line';
import { doctor } from './doctor.ts';

export const command = defineCommand({
  description: [
    'Checks this machine and this project: Node, the pinned interpreter, what isolates an enclave (by each way to start one), whether connections can be passed to it, who could read it, which parts of the hardware platforms are present (their drivers have not yet run on hardware), whether enclaves can have companions, the state folder of the platform, the keys of the project, and the clock.',
    'Each line that is not good says what to do.',
    'It changes nothing.',
  ],
  arguments: { folder: { value: 'FOLDER', summary: 'The project', default: '.' } },
  options: { state: stateOption },
  examples: [{ command: 'enclos doctor', summary: 'Check everything' }],
  exitCodes: { 1: 'A check failed. Warnings do not count.' },
  async run({ arguments: { folder }, options: { state } }, context) {
    const { io, path, progress } = context;
    return progress.during('looking around', () =>
      doctor({ projectFolder: path(folder), stateFolder: stateFolderOf(state, context), now: io.now(), env: io.env }),
    );
  },
  human({ checks, healthy }, printer) {
    const width = Math.max(...checks.map(({ name }) => name.length));
    for (const { name, status, detail, fix } of checks) {
      printer.line(`${markOf(status, printer)} ${name.padEnd(width)}  ${printable(detail)}`);
      if (fix !== undefined) printer.line(`  ${' '.repeat(width)}  ${printer.paint('dim', 'fix:')} ${printable(fix)}`);
    }
    printer.line();
    const count = (wanted: string): number => checks.filter(({ status }) => status === wanted).length;
    printer.line(
      healthy
        ? `Nothing is broken; ${count('warning')} warnings.`
        : `${count('failure')} checks failed; ${count('warning')} warnings.`,
    );
  },
  json: (report) => report,
  exitCode: ({ healthy }) => (healthy ? 0 : 1),
});
