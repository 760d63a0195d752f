import { ScriptThrow, type ScriptValue } from '@enclos/script';

import type { Extension } from '../../session/extension.ts';
import { orFail } from '../../session/failures.ts';
import { needText } from '../../session/values.ts';
import { requestPrelude } from './prelude.ts';

const texts = ['query', 'path', 'method', 'hostname', 'route', 'url'] as const;

/** The request that a handler gets, and the answer that it gives. */
export const request: Extension = {
  prelude: requestPrelude,
  host: (session) => ({
    requestText: (field) => {
      const name = texts.find((known) => known === field);
      return name === undefined ? undefined : session.call.request?.[name];
    },
    requestFields: (part) => JSON.stringify(session.call.request?.[part === 'headers' ? 'headers' : 'params'] ?? {}),
    requestCaller: () => callerJson(session.call.request?.caller ?? null),
    requestCertificate: (name) => certificateOf(session.call.request?.caller ?? {}, needText(name)),
    requestBody: () => session.call.requestBody,
    requestContent: () => session.call.callerContent,
    requestFailed: (text) => {
      session.call.conversionFailure ??= needText(text);
    },
    requestRespond: (status, contentType, body, headers) => {
      session.call.response = {
        status: Number(status),
        contentType: typeof contentType === 'string' ? contentType : undefined,
        body: body instanceof Uint8Array || typeof body === 'string' ? body : undefined,
        headers: typeof headers === 'string' ? headersOf(headers) : {},
      };
    },
  }),
};

type Part = Readonly<Record<string, unknown>>;

/** The caller in JSON, with `true` in the place of its certificates. */
function callerJson(caller: Part | null): string {
  if (caller === null) return 'null';
  const marked = (part: Part): Part => (typeof part['cert'] === 'string' ? { ...part, cert: true } : part);
  const parts = partsOf(caller).map(([name, part]) => [name, marked(part)] as const);
  return JSON.stringify({ ...marked(caller), ...Object.fromEntries(parts) });
}

/** The certificate of the caller, or of one of the policies that all hold. */
function certificateOf(caller: Part, name: string): string | undefined {
  const part = name === '' ? caller : partsOf(caller).find(([known]) => known === name)?.[1];
  const certificate = part?.['cert'];
  return typeof certificate === 'string' ? certificate : undefined;
}

function partsOf(caller: Part): readonly (readonly [string, Part])[] {
  const { policy } = caller;
  if (!Array.isArray(policy)) return [];
  return policy.map((name: unknown) => [String(name), (caller[String(name)] ?? {}) as Part] as const);
}

/** In JSON. What carries an answer takes less, and to parse more would outlive the time of the script. */
const maxHeadersLength = 262_144;

/** The script side wrote it, from names and values that are text. A script that got past it gets an error. */
function headersOf(json: string): Readonly<Record<string, string>> {
  if (json.length > maxHeadersLength) {
    throw new ScriptThrow('RangeError', `The headers have more than ${maxHeadersLength} characters.`);
  }
  const parsed = orFail('The headers are not JSON', () => JSON.parse(json) as unknown);
  const headers = Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {});
  return Object.fromEntries(headers.map(([name, value]) => [name, needText(value as ScriptValue)]));
}
