/** A problem with a query, or with a value that it met. The kinds are those of the specification. */
export class JmesPathError extends Error {
  readonly kind: 'syntax' | 'unknown-function' | 'invalid-arity' | 'invalid-type' | 'invalid-value';

  constructor(kind: JmesPathError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}
