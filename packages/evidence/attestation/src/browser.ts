// What the single file for browsers holds (tools/browser.mjs writes it to dist/browser/attestation.js).
import './errors.ts';
export * from './index.ts';
export * from './explain/index.ts';
