import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'proxy',
    'Evidence',
    'Attest a server, and forward to it for curl and any other program',
    () => import('./command.ts'),
  ),
];
