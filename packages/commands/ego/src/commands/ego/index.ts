import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('ego sign', 'Go programs', "Sign an executable by EGo's enclave.json", () => import('./sign.ts')),
  entry('ego run', 'Go programs', 'Run an executable that `ego sign` signed', () => import('./run.ts')),
  entry('ego bundle', 'Go programs', 'Write one file that runs a signed executable', () => import('./bundle.ts')),
  entry(
    'ego signerid',
    'Go programs',
    'Print the MRSIGNER of a signed executable or of a key',
    () => import('./signerid.ts'),
  ),
  entry('ego uniqueid', 'Go programs', 'Print the MRENCLAVE of a signed executable', () => import('./uniqueid.ts')),
  entry('ego env', 'Go programs', 'Run a command for which `go build` is `enclos go build`', () => import('./env.ts')),
  entry(
    'ego install',
    'Go programs',
    'Say what takes the place of EGo’s drivers and services',
    () => import('./install.ts'),
  ),
  entry('ego marblerun', 'Go programs', 'Refused: MarbleRun has no equal here', () => import('./marblerun.ts')),
];
