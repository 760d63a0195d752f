export { courierPassing } from './courier.ts';
export { findPassing } from './find-passing.ts';
export { discard, keepAliveMs, socketWith, takeHandle, takeUnread } from './held-connections.ts';
export { nativePassing } from './native.ts';
export type {
  ConnectionHandle,
  FrameText,
  HeldConnection,
  Passage,
  PassageEvents,
  Passing,
  SettledCallback,
} from './passing.ts';
