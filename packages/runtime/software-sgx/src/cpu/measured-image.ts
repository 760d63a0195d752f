import { createHash } from 'node:crypto';
import { EnclosError } from '@enclos/errors';
import { PAGE_SIZE, SgxsMeter, StrictImageReader, type EnclaveGeometry, type StrictImage } from '@enclos/sgx';
import { KeptMemory } from './kept-memory.ts';

/** A whole image of the strict profile, with its measurement. */
export interface MeasuredImage {
  readonly pages: StrictImage;
  /** Bytes of the stream that was measured. */
  readonly streamBytes: number;
  /**
   * Lets a later image have the memory of this one, when nothing uses any more what was read of it. Then nothing more can be read. An image that is
   * not released keeps its memory.
   */
  readonly release: () => void;
}

/** A stream of any profile that was measured while it passed on: only its numbers are kept. */
export interface MeasuredStream {
  readonly geometry: EnclaveGeometry;
  readonly streamBytes: number;
  /** TCS pages. */
  readonly threads: number;
}

const measurements = new WeakMap<MeasuredImage | MeasuredStream, Uint8Array>();

/** Measures an image while it arrives, so that no image, however large, keeps the platform from its other work. */
export interface ImageIntake {
  readonly receivedBytes: number;
  /** @throws SGXS_INVALID, SGXS_TOO_LARGE beyond the announced size */
  push(chunk: Uint8Array): void;
  /** @throws SGXS_INVALID when the stream may not end here */
  finish(): MeasuredImage;
}

/** All platforms of this process share it. */
const memory = new KeptMemory({ most: 1, maxBytes: 64 * 1024 * 1024 });

/** @param streamBytes the announced size; memory is taken only for bytes that have arrived. */
export function createImageIntake(streamBytes: number): ImageIntake {
  const reader = new StrictImageReader(streamBytes, (sizeBytes) => memory.take(sizeBytes));
  // In the strict profile every byte of the stream is measured, in order.
  const hash = createHash('sha256');
  let receivedBytes = 0;
  return Object.freeze({
    get receivedBytes() {
      return receivedBytes;
    },
    push(chunk: Uint8Array) {
      // Both take the bytes in this turn of the event loop, so the measured bytes are the kept bytes.
      reader.push(chunk);
      hash.update(chunk);
      receivedBytes += chunk.length;
    },
    finish() {
      const { pages, release } = lent(reader.finish());
      const image = Object.freeze({ pages, streamBytes: receivedBytes, release });
      measurements.set(image, new Uint8Array(hash.digest()));
      return image;
    },
  });
}

/** The same pages, as long as they have their memory. */
function lent(pages: StrictImage): Pick<MeasuredImage, 'pages' | 'release'> {
  let content: Uint8Array | undefined = pages.read(0, pages.contentBytes);
  const read = (at: number, length: number): Uint8Array => {
    if (content === undefined) throw new EnclosError('LAUNCH_IMAGE_REFUSED', 'The image is gone.');
    return content.subarray(at, at + length);
  };
  const release = (): void => {
    if (content !== undefined) memory.giveBack(content);
    content = undefined;
  };
  return { pages: Object.freeze({ ...pages, read }), release };
}

/** Measures a stream that another process takes. */
export interface StreamIntake {
  /** Memory that its pages fill so far, where another process takes them: those without content fill none. */
  readonly filledBytes: number;
  /** @param piece whole records. @throws SGXS_INVALID, SGXS_TOO_LARGE */
  push(piece: Uint8Array): void;
  /** @throws SGXS_INVALID when the stream may not end here */
  finish(): MeasuredStream;
}

/** @param enclaveBytes the announced size of the enclave */
export function createStreamIntake(enclaveBytes: bigint): StreamIntake {
  const meter = new SgxsMeter(createHash('sha256'), enclaveBytes);
  return Object.freeze({
    get filledBytes() {
      return meter.contentPages * PAGE_SIZE;
    },
    push: (piece: Uint8Array) => meter.push(piece),
    finish() {
      const { mrEnclave, ...stream } = meter.finish();
      const measured = Object.freeze(stream);
      measurements.set(measured, mrEnclave);
      return measured;
    },
  });
}

/** MRENCLAVE, 32 bytes. @throws LAUNCH_IMAGE_REFUSED for an object that no intake made. */
export function measurementOf(image: MeasuredImage | MeasuredStream): Uint8Array {
  const found = measurements.get(image);
  if (found === undefined) throw new EnclosError('LAUNCH_IMAGE_REFUSED', 'The image was not measured here.');
  return found.slice();
}
