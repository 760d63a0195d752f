/** A refusal by the service: an HTTP status, and the message for body and headers. */
export interface Refusal {
  readonly status: 400 | 404 | 410;
  readonly message: string;
}

export type Query = Readonly<Record<string, readonly string[]>>;

/** Whether the parameters of a request are the declared ones, each once and well-formed. */
export function checkQuery(query: Query, patterns: Readonly<Record<string, RegExp>>): Refusal | undefined {
  for (const [name, values] of Object.entries(query)) {
    const pattern = Object.hasOwn(patterns, name) ? patterns[name] : undefined;
    if (pattern === undefined) return bad(`Unknown parameter${printable(name)}.`);
    if (values.length !== 1) return bad(`Parameter ${name} is given more than once.`);
    if (!pattern.test(values[0] ?? '')) return bad(`Parameter ${name} is malformed.`);
  }
  return undefined;
}

/** A name from an untrusted client, reduced to what a header (RFC 9110 section 5.5) and a sentence may contain. */
function printable(name: string): string {
  return /^[\w.[\]-]{1,64}$/.test(name) ? ` ${name}` : '';
}

/** The first value of a parameter. */
export function parameter(query: Query, name: string): string | undefined {
  return Object.hasOwn(query, name) ? query[name]?.[0] : undefined;
}

export const baselinePatterns = Object.freeze({
  update: /^(?:early|standard)$/,
  tcbEvaluationDataNumber: /^[1-9]\d{0,9}$/,
});

/**
 * Chooses the TCB baseline of a request. There is only one, so `early` and `standard` are the same, and only its evaluation
 * number is served.
 */
export function checkBaseline(query: Query, current: number): Refusal | undefined {
  const number = parameter(query, 'tcbEvaluationDataNumber');
  if (number === undefined) return undefined;
  if (parameter(query, 'update') !== undefined) return bad('update and tcbEvaluationDataNumber exclude each other.');
  if (Number(number) === current) return undefined;
  return Number(number) < current
    ? { status: 410, message: 'That TCB evaluation data number was withdrawn.' }
    : { status: 404, message: 'There is no such TCB evaluation data number.' };
}

export function bad(message: string): Refusal {
  return { status: 400, message };
}
