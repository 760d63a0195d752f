import { defineInterface } from '@enclos/edl';

/** The interface of a program whose project names none: it has no functions. */
export const programInterface = defineInterface({ name: 'program', trusted: {}, untrusted: {} });
