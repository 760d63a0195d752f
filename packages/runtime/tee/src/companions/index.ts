import '@enclos/gate';
export type { CompanionCapabilities, CompanionPassage } from './companion-passage.ts';
export {
  COMPANION_FRAME_BYTES,
  decodeCompanionFrame,
  decodeCompanionNotice,
  encodeCompanionFrame,
  encodeCompanionNotice,
  type CompanionFrame,
  type CompanionNotice,
} from './frames.ts';
export { companionNotices } from './notice-reader.ts';
