/** What stands for the advice of a package in bundles for enclaves: it is for people, who are outside. */
export const advice = {};
