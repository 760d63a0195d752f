import '../errors.ts';
export { type RateLimit, createRateLimit, type ClientRateLimit, createClientRateLimit } from './rate-limit.ts';
