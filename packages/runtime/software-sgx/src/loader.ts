/** The parts of the loader, for platforms that start the interpreter on their own program. */
export { interpreterFlags, type InterpreterFlagsOptions } from './platform/interpreter/interpreter-flags.ts';
export { loaderParts } from './platform/loader/authority.ts';
export { confine } from './platform/loader/confine.ts';
export { loaderExitCodes } from './platform/loader/exits.ts';
export { enclaveDescriptors, loaderText, type LoaderParts } from './platform/loader/loader.ts';
export { openPassage, passedSockets } from './platform/loader/passage.ts';
