import './errors.ts';
export { createContext, type Category, type CommandContext, type Entry } from './context.ts';
export { defineCommand, entry } from './define.ts';
export { wantsColor, type Io, type Keyboard, type OutputStream } from './output/io.ts';
export { createProgress } from './output/progress.ts';
export { endOfProgram, onProcessSignal, type EndingProgram } from './program-end.ts';
export { refuseUsage } from './usage-error.ts';
