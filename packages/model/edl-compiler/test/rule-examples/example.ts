/** An example of each rule: what it refuses or warns of, and the same as it should be. The reference page shows them. */
export interface RuleExample {
  /** What stands in the enclave's braces, or the whole file. */
  readonly refused: string;
  /** What the diagnostic underlines. */
  readonly at: string;
  /** What oeedger8r prints: absent when it accepts, or when the rule is silent there. */
  readonly oe?: string;
  readonly intel?: string;
  /** Other codes of the same text, which cannot be written without them. */
  readonly also?: readonly string[];
  readonly accepted: string;
  readonly whole?: true;
  /** Files to import. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of the file, when it matters. */
  readonly name?: string;
}

/** A file with one trusted function. */
export const call = (parameters: string): string => `trusted { public void f(${parameters}); };`;
export const withStruct = (members: string, parameters = ''): string =>
  `struct s_t { ${members} };\n    ${call(parameters)}`;
export const withUnion = (members: string): string => `union u_t { ${members} };\n    ${call('')}`;
