import { MAX_IMAGE_CHUNK_BYTES, MAX_SGX_PIECES } from '@enclos/tee';
import { KeptMemory } from '../cpu/kept-memory.ts';

/** A piece of an image, and the few bytes of its message before it. */
const maxPieceBytes = MAX_IMAGE_CHUNK_BYTES + 4096;

/** The memory of the messages that bring pieces of images, of all hosts of this process: as many as one launch has on their way. */
export const pieceMemory = new KeptMemory({ most: MAX_SGX_PIECES, maxBytes: maxPieceBytes });
