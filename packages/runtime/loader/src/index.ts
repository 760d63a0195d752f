export { emptyOpensslConfiguration, interpreterFlags, type InterpreterFlagsOptions } from './interpreter-flags.ts';
export { loaderParts } from './authority.ts';
export { confine } from './confine.ts';
export { loaderExitCodes } from './exits.ts';
export { companionDescriptors, companionLoaderSource, type CompanionSettings } from './companion-loader.ts';
export {
  bootParts,
  enclaveDescriptors,
  loaderSource,
  loaderText,
  passingParts,
  type LoaderNeeds,
  type LoaderParts,
} from './loader.ts';
