import { PolicyError, type PolicyDiagnostic, type PolicyErrorCode, type PolicySpan } from '../policy-error.ts';

/** More are noise, and each costs a look at the text. */
const mostDiagnostics = 50;

/** Unwinds the parser to where it can go on; the problem is noted already. */
export class Recover extends Error {}

/** Collects the problems of a text, so that several are told at once. */
export class Diagnostics {
  readonly warnings: PolicyDiagnostic[] = [];
  readonly #problems: PolicyDiagnostic[] = [];

  get count(): number {
    return this.#problems.length;
  }

  /** Notes a problem. @throws PolicyError when there are too many to go on */
  report(code: PolicyErrorCode, message: string, span: PolicySpan, suggestion?: string): void {
    this.#problems.push(Object.freeze({ code, message, span, ...(suggestion === undefined ? {} : { suggestion }) }));
    if (this.#problems.length >= mostDiagnostics) this.throwIfAny();
  }

  warn(message: string, span: PolicySpan, suggestion?: string): void {
    if (this.warnings.length >= mostDiagnostics) return;
    this.warnings.push(
      Object.freeze({
        code: 'CLAIM_RULES_INVALID',
        message,
        span,
        ...(suggestion === undefined ? {} : { suggestion }),
      }),
    );
  }

  /** Notes a problem that the parser cannot step over. */
  fail(message: string, span: PolicySpan, suggestion?: string): never {
    this.report('CLAIM_RULES_SYNTAX', message, span, suggestion);
    throw new Recover();
  }

  /** @throws PolicyError with every problem, in the order of the text */
  throwIfAny(): void {
    const found = this.#problems.toSorted((left, right) => left.span.start - right.span.start);
    const [first] = found;
    if (first === undefined) return;
    const more = found.length === 1 ? '' : `, and ${found.length - 1} more`;
    throw new PolicyError(first.code, `Line ${first.span.line}: ${first.message}${more}`, found);
  }
}
