/**
 * The attack corpus: what a hostile bundle and hostile native code try from inside an enclave. Each attempt is shown to
 * succeed with its defence off, so that a test which sees it fail has seen the defence.
 */
export {};
