/** `@enclos/cli-platform/open`: the platform of a command that runs something. */
export { platformBanner } from './banner.ts';
export { openProjectPlatform, type ProjectPlatform, type ProjectPlatformOptions } from './open-platform.ts';
