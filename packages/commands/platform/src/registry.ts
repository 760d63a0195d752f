export { entries as doctorCommands } from './commands/doctor/index.ts';
export { entries as platformCommands } from './commands/platform/index.ts';
