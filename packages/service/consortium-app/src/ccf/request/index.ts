import type { ScriptValue } from '@enclos/script';

import type { Extension } from '../../session/extension.ts';
import { orFail } from '../../session/failures.ts';
import { needText } from '../../session/values.ts';
import { requestPrelude } from './prelude.ts';

/** The request that a handler gets, and the answer that it gives. */
export const request: Extension = {
  prelude: requestPrelude,
  host: (session) => ({
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

/** The script side wrote it, from names and values that are text. A script that got past it gets an error. */
function headersOf(json: string): Readonly<Record<string, string>> {
  const parsed = orFail('The headers are no JSON', () => JSON.parse(json) as unknown);
  const headers = Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {});
  return Object.fromEntries(headers.map(([name, value]) => [name, needText(value as ScriptValue)]));
}
