import { fileURLToPath } from 'node:url';

const at = (name: string): string => fileURLToPath(new URL(`../program/${name}`, import.meta.url));

/** What an image has beside the application, each one file: the first program, and the software platform. */
export const programFiles = Object.freeze({ start: at('start.mjs'), platform: at('platform.mjs') });
