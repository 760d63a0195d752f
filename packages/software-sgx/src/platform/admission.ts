import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';

/**
 * What all hosts of one platform share, so that one of them cannot take the
 * memory or the descriptors of the process for itself.
 */
export interface Admission {
  /**
   * Takes bytes of images that are on their way in, or wait for their enclave to start.
   * @throws PLATFORM_BUSY
   */
  takeBytes(sizeBytes: number): void;
  giveBytes(sizeBytes: number): void;
  /**
   * Counts a launch, from EINIT until the enclave's process runs.
   * @returns what ends the count. @throws PLATFORM_BUSY
   */
  beginLaunch(): () => void;
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
      if (bytes + sizeBytes > limits.maxImageBytes)
        throw new EnclosError('PLATFORM_BUSY', 'The platform holds as many image bytes as it takes.');
      bytes += sizeBytes;
    },
    giveBytes(sizeBytes: number) {
      bytes -= sizeBytes;
    },
    beginLaunch() {
      if (launches >= limits.maxLaunches)
        throw new EnclosError(
          'PLATFORM_BUSY',
          `The platform starts ${limits.maxLaunches} enclaves at once and no more.`,
        );
      launches += 1;
      let counted = true;
      return () => {
        if (counted) launches -= 1;
        counted = false;
      };
    },
  });
}
