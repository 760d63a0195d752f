import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';

/**
 * What hosts share, so that none can take the memory or the descriptors of the
 * platform for itself. An admission may lie within another one, as the part of
 * a connection lies within that of its host: what it grants, the other grants
 * too.
 */
export interface Admission {
  readonly limits: AdmissionLimits;
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

const maxLaunches = 64;

/** However many hosts there are, each may start two enclaves at once. */
const minLaunches = 2;

/**
 * One of `hosts` equal parts of what a platform takes on. Each part has room for
 * two images of the largest size, so memory is bounded by the number of hosts.
 */
export function hostLimits(hosts: number, maxImageBytes: number = MAX_IMAGE_BYTES): AdmissionLimits {
  return { maxImageBytes: 2 * maxImageBytes, maxLaunches: Math.max(minLaunches, Math.floor(maxLaunches / hosts)) };
}

/** What one connection may have of its host's part: a quarter of the launches, two at least, and one image of any size. */
export function connectionLimits(ofHost: AdmissionLimits): AdmissionLimits {
  return { maxImageBytes: ofHost.maxImageBytes / 2, maxLaunches: Math.max(2, ofHost.maxLaunches / 4) };
}

export function createAdmission(limits: AdmissionLimits, within?: Admission): Admission {
  let bytes = 0;
  let launches = 0;
  const beginWithin = (imageBytes: number): (() => void) | undefined => {
    try {
      return within?.beginLaunch(imageBytes);
    } catch (error) {
      // The outer one has its bytes back already.
      bytes -= imageBytes;
      throw error;
    }
  };
  return Object.freeze({
    limits,
    takeBytes(sizeBytes: number) {
      if (bytes + sizeBytes > limits.maxImageBytes) {
        throw new EnclosError('PLATFORM_BUSY', 'The platform holds as many image bytes as it takes.');
      }
      within?.takeBytes(sizeBytes);
      bytes += sizeBytes;
    },
    giveBytes(sizeBytes: number) {
      bytes -= sizeBytes;
      within?.giveBytes(sizeBytes);
    },
    beginLaunch(imageBytes: number) {
      if (launches >= limits.maxLaunches) {
        bytes -= imageBytes;
        within?.giveBytes(imageBytes);
        throw new EnclosError(
          'PLATFORM_BUSY',
          `The platform starts ${limits.maxLaunches} enclaves at once and no more.`,
        );
      }
      const endOuter = beginWithin(imageBytes);
      launches += 1;
      let counted = true;
      return () => {
        if (!counted) return;
        counted = false;
        launches -= 1;
        bytes -= imageBytes;
        endOuter?.();
      };
    },
  });
}
