import type { Rule } from './rule.ts';

/** A file that both compilers refuse, each at another place. */
export const mixedDialects: Rule = {
  code: 'edl-mixed-dialects',
  dialects: ['oe', 'intel'],
  text: (here, there) =>
    `The interface is neither Open Enclave's dialect nor Intel's: ${here}'s compiler refuses this place, and ${there}'s refuses another.`,
  hint: () => 'one of the dialects in both places; --dialect oe or --dialect intel shows what it asks for',
};
