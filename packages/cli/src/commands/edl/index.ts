import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'edl check',
    'Native enclaves',
    "Mark what is wrong with EDL files of Intel's SDK and Open Enclave",
    () => import('./check.ts'),
  ),
  entry('edl gen', 'Native enclaves', 'Write the TypeScript module of an EDL file', () => import('./gen.ts')),
  entry('edl format', 'Native enclaves', 'Put EDL files in their standard form', () => import('./format.ts')),
  entry('edl doc', 'Native enclaves', 'Describe the interface of an EDL file in Markdown', () => import('./doc.ts')),
];
