/**
 * The attack corpus: what a hostile bundle and hostile native code try from inside an enclave. Each attempt is shown to
 * succeed with its defence off, so that a test which sees it fail has seen the defence.
 */
export { tryAttempt, type Attempt, type Outcome } from './attempt.ts';
export { alwaysRefused, closedByKernel, corpus } from './corpus.ts';
export { defences, type Defence } from './realm.ts';
export { startTarget, type Target } from './target.ts';
export { walkEnclave } from './walk-bundle.ts';
