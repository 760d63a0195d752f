export { entries as consortiumCommands } from './commands/consortium/index.ts';
