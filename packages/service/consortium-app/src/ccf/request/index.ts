import { ScriptThrow, type ScriptValue } from '@enclos/script';

import type { Extension } from '../../session/extension.ts';
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

function headersOf(json: string): Readonly<Record<string, string>> {
  // The script side wrote it, from names and values that are text; a script that replaced what it uses gets an error.
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== 'object' || parsed === null) throw malformed();
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, needText(value as ScriptValue)]));
}

function malformed(): ScriptThrow {
  return new ScriptThrow('TypeError', 'The headers are no object.');
}
