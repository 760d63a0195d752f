export { gramineArguments, type GramineArgumentsOptions } from './arguments.ts';
export { gramineProgram } from './program-file.ts';
