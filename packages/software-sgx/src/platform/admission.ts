import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';

/**
 * What all hosts of one platform share, so that one of them cannot take the
 * memory or the descriptors of the process for itself.
 */
export interface Admission {
  /**
   * Takes bytes of images that are on their way in.
   * @throws PLATFORM_BUSY
   */
  takeBytes(sizeBytes: number): void;
  giveBytes(sizeBytes: number): void;
  /**
   * Counts a launch, from EINIT until the enclave's process runs. The bytes of its image are taken already.
   * @returns what ends the count and gives the bytes back.
   * @throws PLATFORM_BUSY; the bytes are given back then too.
   */
  beginLaunch(imageBytes: number): () => void;
}

export interface AdmissionLimits {
  readonly maxImageBytes: number;
  readonly maxLaunches: number;
}

const defaultLimits: AdmissionLimits = { maxImageBytes: 2 * MAX_IMAGE_BYTES, maxLaunches: 64 };

export function createAdmission(limits: AdmissionLimits = defaultLimits): Admission {
  let bytes = 0;
  let launches = 0;
  return Object.freeze({
    takeBytes(sizeBytes: number) {
      if (bytes + sizeBytes > limits.maxImageBytes) {
        throw new EnclosError('PLATFORM_BUSY', 'The platform holds as many image bytes as it takes.');
      }
      bytes += sizeBytes;
    },
    giveBytes(sizeBytes: number) {
      bytes -= sizeBytes;
    },
    beginLaunch(imageBytes: number) {
      if (launches >= limits.maxLaunches) {
        bytes -= imageBytes;
        throw new EnclosError(
          'PLATFORM_BUSY',
          `The platform starts ${limits.maxLaunches} enclaves at once and no more.`,
        );
      }
      launches += 1;
      let counted = true;
      return () => {
        if (!counted) return;
        counted = false;
        launches -= 1;
        bytes -= imageBytes;
      };
    },
  });
}
