import { defineInterface, func, string, uint32 } from '@enclos/edl';

const text = string({ maxBytes: 65_536 });

/** Runs modules that arrive at run time, as consortium applications do. */
export const script = defineInterface({
  name: 'script',
  trusted: { run: func({ module: text, maxExecutionMs: uint32(), fresh: uint32() }, text) },
  untrusted: {},
});
