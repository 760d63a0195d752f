import '../errors.ts';
export { throwPayload, type Behaviour, type HostAnswer, type HostHand } from './answer.ts';
export {
  babbles,
  corrupts,
  delays,
  drops,
  on,
  refuses,
  replays,
  shuffles,
  sometimes,
  truncates,
} from './behaviours.ts';
export { createBlobStore, type BlobStore } from './blob-store.ts';
export { createHostileHost, type FloodOptions, type HostileHost, type HostileHostOptions } from './host.ts';
export { flipped, seededBytes, seededNumbers } from './random.ts';
