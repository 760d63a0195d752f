export { markOf, renderFacts, type Mark } from './table.ts';
export { renderTree } from './tree.ts';
