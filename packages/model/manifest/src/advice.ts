/** What to do about each error of this package, for people. Bundles for enclaves leave it out. */
export const advice = {
  IMAGE_INVALID: 'Build the image again with `enclos build`; images of other tools can be measured but not loaded.',
  MANIFEST_INVALID: 'Correct enclave.json and build the image again.',
};
