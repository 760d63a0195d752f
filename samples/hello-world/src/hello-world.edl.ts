import { defineInterface, func, string } from '@enclos/edl';

/** The boundary: one function into the enclave, one out of it. */
export const helloWorld = defineInterface({
  name: 'hello_world',
  trusted: { hello: func({}, string({ maxBytes: 64 })) },
  untrusted: { print: func({ text: string({ maxBytes: 64 }) }) },
});
