export { entries as ledgerCommands } from './commands/ledger/index.ts';
