/** Exit codes of an enclave process that have a meaning. */
export const loaderExitCodes = Object.freeze({ hostGone: 0, platformGone: 3, startFailed: 4, passageBroken: 5 });
