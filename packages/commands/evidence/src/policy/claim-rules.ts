/**
 * Whether a policy is written in the claim-rule language, by how it begins: with a word or a comment, where a policy for
 * `enclos verify` is JSON and begins with a brace.
 */
export function isClaimRules(text: string): boolean {
  return /^\uFEFF?\s*(?:[A-Za-z]|\/[/*])/.test(text);
}
