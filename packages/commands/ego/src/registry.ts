import './errors.ts';
export { entries as egoCommands } from './commands/ego/index.ts';
