import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readBundle, writeBundle } from '../src/index.ts';

const endpoint = `{"js_module":"a.js","js_function":"f","authn_policies":["jwt",{"all_of":["user_cert","jwt"]}],"forwarding_required":"always","mode":"readonly","openapi":{"a":[1]},"interpreter_reuse":{"key":"k"},"respond":"committed"}`;
const bundle = `{"metadata":{"endpoints":{"/a/{b}-{c}":{"get":${endpoint}},"/a":{"post":${endpoint}}}},"modules":[{"name":"a.js","module":"export const f = 1;"},{"name":"b/c.js","module":""}]}`;

export const seeds: readonly Uint8Array[] = [
  utf8(bundle),
  utf8(`{"bundle":${bundle},"disable_bytecode_cache":true}`),
  utf8(`{"actions":[{"name":"set_js_app","args":{"bundle":${bundle}}}]}`),
];

/** Any bytes are a bundle, or are refused by name; what is read is written again to the same. */
export function fuzz(data: Uint8Array): void {
  let written: Uint8Array;
  try {
    written = writeBundle(readBundle(data));
  } catch (error) {
    if (isEnclosError(error, 'APP_INVALID')) return;
    throw error;
  }
  const again = writeBundle(readBundle(written));
  if (Buffer.compare(written, again) !== 0) throw new Error('A bundle that was read is not written again to the same.');
}
