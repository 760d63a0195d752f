/** `@enclos/evidence/explain`: what each field of evidence says and means. */
export { explain, explainAsync, type Explanation, type ExplainOptions } from './explain.ts';
export type { Sha256 } from './fingerprints.ts';
export type { ExplainNode } from './nodes.ts';
