import { bytes, defineInterface, func } from '@enclos/edl';

const data = bytes({ maxBytes: 64 });

/** As little as an enclave can do: what is in it beside this is the trusted runtime. See tools/trusted-base.mjs. */
export const trivial = defineInterface({ name: 'trivial', trusted: { echo: func({ data }, data) }, untrusted: {} });
