export {
  decodePassageNotice,
  decodePassedFrame,
  encodePassageNotice,
  encodePassedFrame,
  passedFrameText,
  PASSAGE_NOTICE_BYTES,
  PASSED_FRAME_BYTES,
  type PassageNotice,
  type PassedFrame,
} from './frames.ts';
export type { EnclavePassage, PassedSocket } from './enclave-passage.ts';
