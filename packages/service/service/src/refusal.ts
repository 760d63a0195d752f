import './errors.ts';
import { EnclosError, type ErrorCode, type ErrorOptions } from '@enclos/errors';
import type { serviceErrors } from './errors.ts';

export interface RefusalOptions extends ErrorOptions {
  /**
   * Why, in a form for programs: for the audit log, and for callers of a site that explains its refusals. `rule` names
   * what refused. Unlike `details`, it may hold objects.
   */
  readonly explanation?: Readonly<Record<string, unknown>> | undefined;
}

/** The codes of refusals that any service may answer with. */
export type ServiceRefusalCode = keyof typeof serviceErrors;

/**
 * A request that is refused. Its message is for the caller, so it says nothing of what is inside; every other error is
 * answered as a fault, without its text. What status and name the caller gets is for the edge to say, by the code: see
 * `errorAnswerOf` of `@enclos/service/routes`.
 *
 * @example
 * throw new Refusal('SERVICE_NOT_FOUND', 'The tenant has no secret of this name.', { explanation: { rule: 'secret' } });
 */
export class Refusal<C extends ErrorCode = ErrorCode> extends EnclosError<C> {
  readonly explanation: Readonly<Record<string, unknown>> | undefined;

  constructor(code: C, message: string, { explanation, ...options }: RefusalOptions = {}) {
    super(code, message, options);
    this.explanation = explanation;
  }
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Refusal;
}
