import { templates } from '@enclos/cli';
import { main as runEnclos } from '@enclos/cli/main';

const usage = `Makes a project: an application with an enclave.

  npm create enclos NAME [-- --template KIND]
  pnpm create enclos NAME [--template KIND]

  NAME              the folder to make; its last part names the enclave
  --template KIND   ${templates.join(', ')}; app without it
  --from DIR        take the packages of Enclos from the tarballs in DIR

It asks no questions, and writes only into a folder that is empty or does not exist.
`;

/** Makes a project as `enclos new` does; without a name it prints how to call it. */
export async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(usage);
  } else if (argv.length === 0) {
    process.stderr.write(usage);
    process.exitCode = 2;
  } else {
    await runEnclos(['new', ...argv]);
  }
}
