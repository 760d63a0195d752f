import { faultOutcome, type FinishedRequest } from './request-observer.ts';

/** Takes lines that the host reads. */
export interface LogLines {
  readonly warn: (line: () => string) => void;
  readonly debug: (line: () => string) => void;
}

/** Outcomes that an operator has to hear of. What clients do wrong is not among them, or one could fill the log. */
const serious: ReadonlySet<string> = new Set([
  faultOutcome,
  'ENGINE_LOST',
  'ENGINE_UNAVAILABLE',
  'ENGINE_DEADLINE',
  'HPKE_WINDOW_FULL',
]);
/** Sixteen bytes in hex, as the service and its client make them. Another identifier may say something, so it stays inside. */
const randomId = /^[0-9a-f]{32}$/;

/** Writes a line for each request, of names, codes and times alone. */
export function requestLog({ warn, debug }: LogLines): (request: FinishedRequest, seconds: number) => void {
  return (request, seconds) => {
    const write = serious.has(request.outcome) ? warn : debug;
    write(() => lineOf(request, seconds));
  };
}

function lineOf({ requestId = '', channel, operation, model, outcome }: FinishedRequest, seconds: number): string {
  const id = randomId.test(requestId) ? requestId : undefined;
  return JSON.stringify({ request: id, channel, operation, model, outcome, ms: Math.round(seconds * 1000) });
}
