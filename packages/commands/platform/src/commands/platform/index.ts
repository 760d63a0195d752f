import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'platform init',
    'Platform',
    'Make a software vendor and machine, and enrol the machine',
    () => import('./init.ts'),
  ),
  entry(
    'platform enrol',
    'Platform',
    'Enrol a machine with a vendor, also from another computer',
    () => import('./enrol.ts'),
  ),
  entry('platform show', 'Platform', 'Show a vendor and a machine', () => import('./show.ts')),
  entry('platform serve', 'Platform', 'Run a platform, and serve its collateral', () => import('./serve.ts')),
  entry(
    'platform audit verify',
    'Platform',
    'Check that the audit log of a platform is whole',
    () => import('./audit-verify.ts'),
  ),
  entry('platform audit show', 'Platform', 'Show the last records of an audit log', () => import('./audit-show.ts')),
  entry(
    'platform publish',
    'Platform',
    'Write the collateral and the roots of vendors, for nodes and relying parties',
    () => import('./publish.ts'),
  ),
  entry(
    'platform publish-tcb',
    'Platform',
    'Raise the current TCB level of a vendor',
    () => import('./publish-tcb.ts'),
  ),
  entry(
    'platform set-cpusvn',
    'Platform',
    'Set the CPUSVN, to rehearse a TCB recovery',
    () => import('./set-cpusvn.ts'),
  ),
];
