/** What to do about each error of this package, for people. Bundles for enclaves leave it out. */
export const advice = {
  EDL_INVALID_INTERFACE:
    'Correct the definition that the message names: a bound is missing or wrong, a name is refused, or a handler is absent.',
  EDL_VALUE_REFUSED:
    'Compare the value at the named path with the interface definition, and check that both sides were built from it.',
  EDL_UNKNOWN_FUNCTION: 'Build both sides from the same interface definition.',
};
