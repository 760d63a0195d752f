import { isLongerThan, limitsOf, type Limits, type PolicyLimits } from '../limits.ts';
import { raise } from '../policy-error.ts';
import {
  policyVersions,
  sectionNames,
  type Policy,
  type PolicyVersion,
  type Rule,
  type Section,
  type SectionName,
} from './ast.ts';
import { checkRule } from './check-rule.ts';
import { Diagnostics, Recover } from './diagnostics.ts';
import { Lexer, type Token } from './lexer.ts';
import { RuleParser } from './rule.ts';
import { describe, meant, spanTo, TokenStream } from './tokens.ts';

/**
 * Reads a policy and checks everything that does not depend on claims.
 * @throws PolicyError with a diagnostic for each problem that was found: CLAIM_RULES_SYNTAX, CLAIM_RULES_INVALID,
 * CLAIM_RULES_LIMIT, CLAIM_RULES_ARGUMENT
 */
export function parsePolicy(text: string, given: PolicyLimits = {}): Policy {
  const limits = limitsOf(given);
  if (isLongerThan(text, limits.maxTextBytes)) {
    raise('CLAIM_RULES_LIMIT', `The policy has more than ${limits.maxTextBytes} bytes (maxTextBytes).`);
  }
  const diagnostics = new Diagnostics();
  const { tokens } = new Lexer(text, diagnostics).run();
  const parser = new PolicyParser(new TokenStream(tokens, diagnostics), limits);
  const { version, sections } = parser.parse();
  diagnostics.throwIfAny();
  return frozen({ version, sections, text, warnings: diagnostics.warnings });
}

/** Freezes the tree and all its parts. The parser bounds its depth. */
function frozen<T>(part: T): T {
  if (typeof part === 'object' && part !== null && !Object.isFrozen(part)) {
    Object.freeze(part);
    for (const inner of Object.values(part)) frozen<unknown>(inner);
  }
  return part;
}

class PolicyParser {
  readonly #tokens: TokenStream;
  readonly #diagnostics: Diagnostics;
  readonly #rules: RuleParser;
  readonly #limits: Limits;
  #count = 0;

  constructor(tokens: TokenStream, limits: Limits) {
    this.#tokens = tokens;
    this.#diagnostics = tokens.diagnostics;
    this.#limits = limits;
    this.#rules = new RuleParser(tokens, limits);
  }

  parse(): { readonly version: PolicyVersion; readonly sections: readonly Section[] } {
    const version = this.#attempt(() => this.#version(), '{');
    const sections: Section[] = [];
    while (this.#tokens.peek().kind !== 'end') {
      const section = this.#attempt(() => this.#section(sections, version ?? '1.2'), '}');
      if (section !== undefined) sections.push(section);
    }
    if (!sections.some(({ name }) => name === 'authorizationrules') && this.#diagnostics.count === 0) {
      const { span } = this.#tokens.peek();
      this.#diagnostics.report(
        'CLAIM_RULES_SYNTAX',
        'There are no authorizationrules, so nothing could be permitted.',
        span,
        'authorizationrules { … };',
      );
    }
    // Without a version a problem was reported, and this policy is never returned.
    return { version: version ?? '1.2', sections };
  }

  /** The result of `read`. If it cannot continue, the rest up to `symbol` is skipped. */
  #attempt<T>(read: () => T, symbol: '{' | '}'): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Recover)) throw error;
      this.#skip(symbol);
      return undefined;
    }
  }

  #skip(symbol: '{' | '}'): void {
    while (this.#tokens.peek().kind !== 'end') {
      if (symbol === '{' && this.#tokens.peek().kind === 'identifier' && this.#tokens.is('{', 1)) return;
      if (symbol === '}' && this.#tokens.take('}')) break;
      this.#tokens.next();
    }
    this.#tokens.take(';');
  }

  #version(): PolicyVersion {
    const word = this.#tokens.peek();
    if (word.kind !== 'identifier' || word.text.toLowerCase() !== 'version') {
      this.#diagnostics.fail(`A policy begins with its version; here is ${describe(word)}.`, word.span, 'version=1.2;');
    }
    this.#tokens.next();
    this.#tokens.expect('=', '"=" follows version');
    const token = this.#tokens.next();
    const version = policyVersions.find((known) => token.kind === 'number' && known === token.text);
    if (version === undefined) {
      this.#diagnostics.report(
        'CLAIM_RULES_INVALID',
        `The versions are 1.0, 1.1 and 1.2; here is ${describe(token)}.`,
        token.span,
        'version=1.2;',
      );
    }
    this.#tokens.expectSoftly(';', 'A semicolon follows the version.');
    return version ?? '1.2';
  }

  #section(before: readonly Section[], version: PolicyVersion): Section {
    const word = this.#tokens.expectIdentifier('A section begins with its name');
    const name = sectionNames.find((known) => known === word.text.toLowerCase());
    if (name === undefined) {
      return this.#diagnostics.fail(
        `There is no section ${describe(word)}.`,
        word.span,
        meant(word.text, sectionNames) ?? sectionNames.join(', '),
      );
    }
    this.#checkPlace(name, word, { before, version });
    this.#tokens.expect('{', `The rules of ${name} stand in braces`);
    const rules = this.#rulesOf(name, version);
    const { span } = this.#tokens.expect('}', `The rules of ${name} end with "}"`);
    this.#tokens.expectSoftly(';', 'A semicolon follows the section.');
    return { name, rules, span: spanTo(word.span, span) };
  }

  #checkPlace(
    name: SectionName,
    { span }: Token,
    { before, version }: { readonly before: readonly Section[]; readonly version: PolicyVersion },
  ): void {
    const report = (message: string, suggestion?: string): void =>
      this.#diagnostics.report('CLAIM_RULES_INVALID', message, span, suggestion);
    if (name === 'configurationrules' && version === '1.0') {
      report('Version 1.0 has no configurationrules.', 'version=1.1;');
    }
    const last = before.at(-1);
    if (before.some((other) => other.name === name)) report(`There are ${name} already.`);
    else if (last !== undefined && sectionNames.indexOf(last.name) > sectionNames.indexOf(name)) {
      report(`${name} come before ${last.name}.`);
    }
  }

  #rulesOf(section: SectionName, version: PolicyVersion): readonly Rule[] {
    const rules: Rule[] = [];
    while (!this.#tokens.is('}') && this.#tokens.peek().kind !== 'end') {
      const rule = this.#rule(section, version);
      if (rule !== undefined) rules.push(rule);
    }
    return rules;
  }

  #rule(section: SectionName, version: PolicyVersion): Rule | undefined {
    this.#count++;
    if (this.#count > this.#limits.maxRules) {
      raise(
        'CLAIM_RULES_LIMIT',
        `There are more than ${this.#limits.maxRules} rules (maxRules).`,
        this.#tokens.peek().span,
      );
    }
    try {
      const rule = this.#rules.parse();
      this.#tokens.expectSoftly(';', 'A semicolon follows each rule.');
      checkRule(rule, { section, version, diagnostics: this.#diagnostics, maxDepth: this.#limits.maxDepth });
      return rule;
    } catch (error) {
      if (!(error instanceof Recover)) throw error;
      this.#skipRule();
      return undefined;
    }
  }

  /** Skips to the next rule, or to the end of the section. */
  #skipRule(): void {
    while (this.#tokens.peek().kind !== 'end' && !this.#tokens.is('}')) {
      if (this.#tokens.take(';')) return;
      this.#tokens.next();
    }
  }
}
