import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('policy init', 'Evidence', 'Make a strict policy from a quote or a measurement', () => import('./init.ts')),
  entry('policy check', 'Evidence', 'Mark what is wrong with a policy', () => import('./check.ts')),
  entry('policy explain', 'Evidence', 'Say in sentences what a policy accepts', () => import('./explain.ts')),
  entry('policy test', 'Evidence', 'Evaluate a policy of claim rules on claims', () => import('./test.ts')),
  entry('policy format', 'Evidence', 'Format a policy of claim rules', () => import('./format.ts')),
];
