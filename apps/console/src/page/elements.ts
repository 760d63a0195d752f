/** What the pages of this repository are made of; `site/page.css` is their style. */
export { byId, code, element, foreign, type Child } from './dom.ts';
export { mark, type Grade } from './view/mark.ts';
export { facts, section } from './view/section.ts';
