export { entries as modelCommands } from './commands/model/index.ts';
