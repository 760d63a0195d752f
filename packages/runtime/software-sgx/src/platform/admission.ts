import { totalmem } from 'node:os';
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
  /** Bytes of memory that processes of SGX images fill before EINIT, when nothing is known yet of who signed them. */
  readonly memory: Budget;
}

/** An amount that is taken and given back. */
export interface Budget {
  /** @throws PLATFORM_BUSY */
  take(amount: number): void;
  give(amount: number): void;
}

export interface AdmissionLimits {
  readonly maxImageBytes: number;
  readonly maxLaunches: number;
  readonly maxGates: number;
  readonly maxMemoryBytes: number;
}

const maxLaunches = 64;
const maxGates = 1024;

/** However many hosts there are, each may start two enclaves at once. */
const minLaunches = 2;
/** The gates of one SGX image of any number of threads. */
const minGates = 64;

/** However small the machine, a connection may fill as much as an image of the strict profile has. */
const minMemoryBytes = MAX_IMAGE_BYTES;

/** The memory that processes here can use: that of the machine, or less where a cgroup bounds it. */
export function machineMemoryBytes(): number {
  // 0: not known. A number above that of the machine: no bound.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}

export interface Capacity {
  /** The largest image of the strict profile. */
  readonly maxImageBytes?: number | undefined;
  /** What processes of the platform can use. Default: the memory of the machine, or of its cgroup. */
  readonly memoryBytes?: number | undefined;
}

/**
 * One of `hosts` equal parts of a platform's capacity. Each part has room for two images of the largest size, so memory is
 * bounded by the number of hosts. All hosts together may fill three quarters of the memory before EINIT.
 */
export function hostLimits(hosts: number, capacity: Capacity = {}): AdmissionLimits {
  const { maxImageBytes = MAX_IMAGE_BYTES, memoryBytes = machineMemoryBytes() } = capacity;
  return {
    maxImageBytes: 2 * maxImageBytes,
    maxLaunches: Math.max(minLaunches, Math.floor(maxLaunches / hosts)),
    maxGates: Math.max(minGates, Math.floor(maxGates / hosts)),
    maxMemoryBytes: Math.max(2 * minMemoryBytes, Math.floor((0.75 * memoryBytes) / hosts)),
  };
}

/**
 * One connection's share of its host's part: a quarter of the launches and gates, at least two and 64, one image of any size, and two
 * thirds of the memory, which is half of the machine's where there is one host.
 */
export function connectionLimits(ofHost: AdmissionLimits): AdmissionLimits {
  return {
    maxImageBytes: ofHost.maxImageBytes / 2,
    maxLaunches: Math.max(minLaunches, ofHost.maxLaunches / 4),
    maxGates: Math.max(minGates, ofHost.maxGates / 4),
    maxMemoryBytes: Math.max(minMemoryBytes, Math.floor((2 * ofHost.maxMemoryBytes) / 3)),
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
    memory: memoryBudget(limits, within?.memory),
  });
}

const mebibyte = 1024 * 1024;

function memoryBudget({ maxMemoryBytes: most }: AdmissionLimits, within: Budget | undefined): Budget {
  let taken = 0;
  return Object.freeze({
    take(amount: number) {
      if (taken + amount > most) {
        const bound = `${Math.floor(most / mebibyte)} MiB`;
        throw new EnclosError(
          'PLATFORM_BUSY',
          `Launches may fill ${bound} of memory before their signatures are checked, and this one would fill more.`,
        );
      }
      within?.take(amount);
      taken += amount;
    },
    give(amount: number) {
      taken -= amount;
      within?.give(amount);
    },
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
