/** Ends of an enclave process that mean something. */
export const loaderExitCodes = Object.freeze({ hostGone: 0, platformGone: 3, startFailed: 4 });
