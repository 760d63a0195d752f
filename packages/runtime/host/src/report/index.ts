/** `@enclos/host/report`: errors for people and for clients, in programs that need no enclave too. */
export { AnsweredError, answeredError, failureBody, failureText, type FailureBody } from './failure-text.ts';
