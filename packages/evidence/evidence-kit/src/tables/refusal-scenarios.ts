import { chainRefusals } from './chain-refusals.ts';
import { documentRefusals } from './document-refusals.ts';
import { quoteRefusals } from './quote-refusals.ts';
import type { RefusalScenario } from './refusal-scenario.ts';

/** Evidence that is wrong in one thing, for each rule at least one: what a verifier must refuse, and as what. */
export const refusalScenarios: readonly RefusalScenario[] = Object.freeze([
  ...chainRefusals,
  ...documentRefusals,
  ...quoteRefusals,
]);
