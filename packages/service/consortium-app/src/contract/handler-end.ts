import { utf8 } from '@enclos/codec';
import { preludeName, type CcfOutcome } from '../ccf/program.ts';
import type { RuntimeOptions } from '../bundle/rows.ts';
import type { ScriptResponse } from '../session/session.ts';
import type { AppAnswer } from './message.ts';
import { errorAnswer, type ErrorDetail } from './odata.ts';

/** What came of a handler. */
export interface HandlerEnd {
  readonly answer: AppAnswer;
  /** Whether its writes stay. */
  readonly applies: boolean;
  readonly claimsDigest: Uint8Array | undefined;
  /** What a developer wants to know, and clients do not see unless the options say so. */
  readonly problem: string | undefined;
}

const thrown = 'Exception thrown while executing.';
const tooLong = 'Operation took too long to complete.';
/** As QuickJS says it, in the version of CCF. */
const exhaustion = { heap: 'InternalError: out of memory', stack: 'InternalError: stack overflow' };
const wrong = 'Invalid endpoint function return value';
/** RFC 9110 section 5.6.2, and 5.5 without what would end the field. */
const fieldName = /^[\w!#$%&'*+.^`|~-]+$/;
const fieldValue = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
/** The server sets these by the body that it sends. */
const ofTheServer = new Set(['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'trailer']);

/** The answer of a handler by the rules of CCF (src/js/registry.cpp). */
export function endOfHandler({ outcome, call }: CcfOutcome, options: RuntimeOptions): HandlerEnd {
  const { response, claimsDigest, conversionFailure } = call;
  const made = outcome.kind === 'returned' && response !== undefined ? answerOf(response) : undefined;
  if (made !== undefined && typeof made !== 'string') {
    const isSuccess = made.status >= 200 && made.status < 300;
    return { answer: made, applies: call.applyWrites ?? isSuccess, claimsDigest, problem: undefined };
  }
  const { message, reason, trace } = failureOf(outcome, conversionFailure ?? made);
  const details: readonly ErrorDetail[] = [
    { code: 'JSException', message: reason, ...(trace === undefined ? {} : { trace: shownTrace(trace) }) },
  ];
  const shown = options.returnsExceptions && reason !== '' ? { details } : {};
  return {
    answer: errorAnswer(500, { code: 'InternalError', message, ...shown }),
    applies: call.applyWrites ?? false,
    claimsDigest,
    problem: [reason === '' ? message : reason, trace ?? ''].join('\n').trimEnd(),
  };
}

interface Failure {
  readonly message: string;
  readonly reason: string;
  readonly trace?: string;
}

function failureOf(outcome: CcfOutcome['outcome'], wrongAnswer: string | undefined): Failure {
  if (outcome.kind === 'timeout') return { message: tooLong, reason: 'InternalError: interrupted' };
  if (outcome.kind === 'exhausted') {
    return { message: thrown, reason: exhaustion[outcome.resource] };
  }
  if (outcome.kind === 'threw') {
    const { message } = outcome;
    const trace = traceOfApp(outcome.trace);
    return { message: wrongAnswer ?? thrown, reason: message, ...(trace === '' ? {} : { trace }) };
  }
  return { message: wrongAnswer ?? `${wrong} (not an object).`, reason: '' };
}

/** Without the frames of what stands around the application. */
function traceOfApp(trace: string): string {
  return trace
    .split('\n')
    .filter((line) => !line.includes(preludeName))
    .join('\n');
}

/** As clients of CCF see it: its QuickJS gives no columns. */
function shownTrace(trace: string): string {
  const lines = trace.split('\n').map((line) => line.replace(/:(\d+):\d+(\)?)$/, ':$1$2'));
  return `${lines.join('\n')}\n`;
}

/** @returns a text for an answer that cannot be sent. */
function answerOf({ status, contentType, body, headers }: ScriptResponse): AppAnswer | string {
  if (!Number.isInteger(status) || status < 200 || status > 599) return `${wrong} (status code type).`;
  const fields = new Map(contentType === undefined ? [] : [['content-type', contentType]]);
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    if (!fieldName.test(name)) return `${wrong} (header type).`;
    // A line break would begin another field, or another answer.
    if (!fieldValue.test(value)) return `${wrong} (header value type).`;
    if (!ofTheServer.has(name)) fields.set(name, value);
  }
  return { status, headers: fields, body: typeof body === 'string' ? utf8(body) : (body ?? new Uint8Array()) };
}
