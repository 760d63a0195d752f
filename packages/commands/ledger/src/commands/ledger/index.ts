import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('ledger verify', 'Ledgers', 'Verify a ledger, a snapshot or a receipt of CCF', () => import('./verify.ts')),
  entry('ledger show', 'Ledgers', 'Show transactions of a ledger', () => import('./show.ts')),
  entry('ledger receipt', 'Ledgers', 'Make the receipt of a transaction', () => import('./receipt.ts')),
  entry('ledger export', 'Ledgers', 'Write all transactions as JSON, one a line', () => import('./export.ts')),
];
