export { startBeating } from './beat.ts';
export { watch, type WatchdogOptions, type WatchedEnd } from './watchdog.ts';
