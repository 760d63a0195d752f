import { declareErrors } from '@enclos/errors';

export const scriptErrors = declareErrors({
  SCRIPT_INVALID: [
    'usage',
    'A script or a module of it could not be loaded: a syntax error, a missing module or an export that is not there.',
    'Read the message for the file and the line, and correct the script.',
  ],
  SCRIPT_ENGINE_INVALID: [
    'usage',
    'The interpreter of scripts is missing, or is not the one of this version.',
    'Install a package that carries it, or build it: `apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32`, then `npm run build` in a clone of the repository.',
  ],
  SCRIPT_MISUSED: [
    'usage',
    'An interpreter of scripts was used in a way that it does not allow.',
    'Call `reset` after a call that was ended, and use an interpreter for one call at a time and not after `dispose`.',
  ],
  SCRIPT_MEMORY_EXHAUSTED: [
    'transient',
    'The interpreters of scripts have as much memory as they may have together, or are as many as may be.',
    'Dispose of interpreters that are not used, or give the engine more memory: `maxTotalBytes`.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof scriptErrors, true> {}
}
