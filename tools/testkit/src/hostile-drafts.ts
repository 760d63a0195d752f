/** The rules that make a text of 2^`doublings` times 16 letters, as a property `NAME` of which the last has the highest number. */
function doubled(name: string, letters: string, doublings: number): string {
  const rules = [`=> issueproperty(type="${name}0", value="${letters}");`];
  for (let index = 0; index < doublings; index++) {
    rules.push(
      `c:[type=="${name}${index}"] => issueproperty(type="${name}${index + 1}", value=AppendString(c.value, c.value));`,
    );
  }
  return rules.join('\n');
}

/**
 * A draft of some kilobytes whose configuration looks for a^m b a^m in a^n, again and again, where n is 2^`doublings` times
 * 16. With a search of `String.prototype.includes` each takes the product of n and m, which is seconds for a few hundred
 * thousand letters; and configuration is what a service evaluates first.
 */
export function searchingDraft({
  doublings = 14,
  searches = 7,
}: { readonly doublings?: number; readonly searches?: number } = {}): string {
  const search = [
    // ["a…a", "a…aba…a"]
    `a:[type=="a${doublings}"] => issueproperty(type="x", value=AppendString("[\\"", AppendString(a.value, "\\",\\"")));`,
    `x:[type=="x"] && h:[type=="a${doublings - 2}"] => issueproperty(type="y", value=AppendString(x.value, AppendString(h.value, AppendString("b", AppendString(h.value, "\\"]")))));`,
    ...Array.from(
      { length: searches },
      (_, index) =>
        `y:[type=="y"] => issueproperty(type="f${index}", value=JmesPath(y.value, "contains([0], [1]) ${'|| `1`'.repeat(index)}"));`,
    ),
  ];
  return `version=1.2;
configurationrules {
${doubled('a', 'a'.repeat(16), doublings)}
${search.join('\n')}
};
authorizationrules { => permit(); };
`;
}
