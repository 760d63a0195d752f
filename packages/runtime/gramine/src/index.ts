export { gramineArguments, type GramineArgumentsOptions } from './arguments.ts';
export { requireScript } from './execution.ts';
export { requireRelayable } from './streams.ts';
export { gramineProgram } from './program-file.ts';
