import { EnclosError } from '@enclos/errors';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';

/**
 * Bounds what hosts share, so that no host can take all memory or descriptors of the platform. Admissions nest, as the share of
 * a connection lies within that of its host: what the inner one grants, the outer one must grant too.
 */
export interface Admission {
  readonly limits: AdmissionLimits;
  /**
   * Takes bytes for images that are being uploaded.
   * @throws PLATFORM_BUSY
   */
  takeBytes(sizeBytes: number): void;
  giveBytes(sizeBytes: number): void;
  /**
   * Counts a launch, from EINIT until the enclave's process runs. The bytes of its image have already been taken.
   * @returns a function that ends the count and returns the bytes.
   * @throws PLATFORM_BUSY; then the bytes are returned too.
   */
  beginLaunch(imageBytes: number): () => void;
  /**
   * Counts the gates of an SGX image, each of which is a descriptor, until its process has them.
   * @returns a function that ends the count.
   * @throws PLATFORM_BUSY
   */
  takeGates(gates: number): () => void;
}

export interface AdmissionLimits {
  readonly maxImageBytes: number;
  readonly maxLaunches: number;
  readonly maxGates: number;
}

const maxLaunches = 64;
const maxGates = 1024;

/** However many hosts there are, each may start two enclaves at once. */
const minLaunches = 2;
/** The gates of one SGX image of any number of threads. */
const minGates = 64;

/**
 * One of `hosts` equal parts of a platform's capacity. Each part has room for two images of the largest size, so memory is
 * bounded by the number of hosts.
 */
export function hostLimits(hosts: number, maxImageBytes: number = MAX_IMAGE_BYTES): AdmissionLimits {
  return {
    maxImageBytes: 2 * maxImageBytes,
    maxLaunches: Math.max(minLaunches, Math.floor(maxLaunches / hosts)),
    maxGates: Math.max(minGates, Math.floor(maxGates / hosts)),
  };
}

/** One connection's share of its host's part: a quarter of the launches and gates, at least two and 64, and one image of any size. */
export function connectionLimits(ofHost: AdmissionLimits): AdmissionLimits {
  return {
    maxImageBytes: ofHost.maxImageBytes / 2,
    maxLaunches: Math.max(minLaunches, ofHost.maxLaunches / 4),
    maxGates: Math.max(minGates, ofHost.maxGates / 4),
  };
}

export function createAdmission(limits: AdmissionLimits, within?: Admission): Admission {
  let bytes = 0;
  let launches = 0;
  const beginWithin = (imageBytes: number): (() => void) | undefined => {
    try {
      return within?.beginLaunch(imageBytes);
    } catch (error) {
      // The outer admission already has its bytes back.
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
    takeGates: gateCount(limits, within),
  });
}

function gateCount({ maxGates: most }: AdmissionLimits, within: Admission | undefined): Admission['takeGates'] {
  let gates = 0;
  return (count) => {
    if (gates + count > most) {
      throw new EnclosError('PLATFORM_BUSY', `The platform waits for ${most} gates at once and no more.`);
    }
    const giveOuter = within?.takeGates(count);
    gates += count;
    let counted = true;
    return () => {
      if (!counted) return;
      counted = false;
      gates -= count;
      giveOuter?.();
    };
  };
}
