import { defineEnclave } from '@enclos/enclave';
import { trivial } from './trivial.edl.ts';

export const application = defineEnclave(trivial, { echo: ({ data }) => data });
