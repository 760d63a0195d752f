import { PolicyError, type PolicyDiagnostic, type PolicyErrorCode, type PolicySpan } from '../policy-error.ts';

/** More would be noise, and each costs work. */
const mostDiagnostics = 50;

/** Unwinds the parser to a place where it can continue; the problem has been reported. */
export class Recover extends Error {}

/** Collects the problems of a text, so that several are reported at once. */
export class Diagnostics {
  readonly warnings: PolicyDiagnostic[] = [];
  readonly #problems: PolicyDiagnostic[] = [];

  get count(): number {
    return this.#problems.length;
  }

  /** Reports a problem. @throws PolicyError when there are too many to continue */
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

  /** Reports a problem that the parser cannot skip. */
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
