import { boundedBody, underDeadline } from '@enclos/bounded';
import { isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import { failureLines, stackVariable, systemReason, type Failure } from '@enclos/diagnostics';
import { isEnclosError } from '@enclos/errors';
import { showsWholeStacks } from './caller-stack.ts';
import { failureOf } from './failure.ts';

/** What a server says of an error, as JSON, to its client: nothing in it is secret. */
export interface FailureBody {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}

/** An error that a server answered with. Its words are those of a server that has not proven anything. */
export class AnsweredError extends Error {
  readonly code: string;
  readonly next: string;

  constructor({ code, message, next }: FailureBody) {
    super(message);
    this.name = 'AnsweredError';
    this.code = code;
    this.next = next;
  }
}

/**
 * The body of an answer to a request that failed. Words of errors that are not of Enclos stay here: they may hold anything.
 */
export function failureBody(error: unknown): FailureBody {
  if (isEnclosError(error)) return { code: error.code, message: error.message, next: error.next };
  return { code: 'UNEXPECTED', message: 'The server failed.', next: 'Read the log of the server.' };
}

const maxAnswerBytes = 16 * 1024;
const maxTextLength = 1000;
const timeoutMs = 10_000;

/**
 * The error of an answer whose status is not 2xx, from a body that `failureBody` made, or without one.
 * @param what the request, for people: `The collateral at http://localhost:12342/collateral`
 */
export async function answeredError(what: string, response: Response): Promise<AnsweredError> {
  const body = await underDeadline(timeoutMs, (signal) => boundedBody(response, maxAnswerBytes, signal)).catch(
    () => undefined,
  );
  const { code, message, next } = membersOf(body);
  const said = message === undefined ? '' : ` It says: ${message}`;
  return new AnsweredError({
    code: code !== undefined && /^[A-Z][A-Z\d_]{2,63}$/.test(code) ? code : `HTTP_${response.status}`,
    message: `${what}: the server answered ${response.status}.${said}`,
    next: next ?? 'Read the log of the server.',
  });
}

function membersOf(body: Uint8Array | undefined): { readonly [name in keyof FailureBody]?: string | undefined } {
  if (body === undefined) return {};
  try {
    const value = parseJsonBytes(body, maxAnswerBytes);
    if (!isJsonObject(value)) return {};
    const text = (name: keyof FailureBody): string | undefined => {
      const member = value[name];
      return typeof member === 'string' && member !== '' ? member.slice(0, maxTextLength) : undefined;
    };
    return { code: text('code'), message: text('message'), next: text('next') };
  } catch {
    return {};
  }
}

/**
 * Any error as a program tells people about it before it ends: code, what happened, and what to do, without a stack trace.
 * `ENCLOS_STACK=1` adds the trace.
 */
export function failureText(error: unknown): string {
  const lines = failureLines(anyFailure(error));
  const stack = showsWholeStacks && error instanceof Error && error.stack !== undefined ? [error.stack] : [];
  return [...lines, ...stack].join('\n');
}

function anyFailure(error: unknown): Failure {
  if (isEnclosError(error)) return failureOf(error);
  if (error instanceof AnsweredError) {
    return { code: error.code, message: error.message, next: error.next, details: {} };
  }
  const system = systemErrorOf(error);
  if (system !== undefined) {
    const { code, message, reason } = system;
    const next = 'Check the address or the path, and that what should be there is there.';
    return { code, message: `${message}: ${reason}.`, next, details: {} };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'UNEXPECTED', message, next: `Set ${stackVariable}=1 to see where it came from.`, details: {} };
}

/** An error of the system is often the cause of another: `fetch failed` says nothing. */
function systemErrorOf(
  error: unknown,
): { readonly code: string; readonly message: string; readonly reason: string } | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 4; current = current.cause, depth += 1) {
    const reason = systemReason(current);
    if (reason === undefined) continue;
    const code = 'code' in current ? String(current.code) : '';
    return { code, message: current.message === '' ? code : current.message, reason };
  }
  return undefined;
}
