/** Replaces the advice of a package in bundles for enclaves: advice is for people, and they are outside. */
export const advice = {};
