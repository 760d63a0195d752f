export { AgedMap } from './aged-map.ts';
export {
  createBodyRoom,
  type BodyEviction,
  type BodyOwner,
  type BodyRoom,
  type BodyRoomOptions,
  type BodyShare,
} from './body-room.ts';
export { boundedBody } from './bounded-body.ts';
export { BoundedMap } from './bounded-map.ts';
export { ContentMap } from './content-map.ts';
export { settledWithin, underDeadline, untilAborted, withinTime } from './deadline.ts';
export { peerOf } from './peer-address.ts';
export { FairTurns, type FairTurnsBounds, type FairWork } from './fair-turns.ts';
export { importKeyOnce } from './imported-keys.ts';
export { SharedWork } from './shared-work.ts';
export { Turns } from './turns.ts';
export { every } from './every.ts';
export { watchLateWork } from './late-work.ts';
export { sendLatest, type LatestSender, type Writable } from './latest.ts';
