import type { ReadAt } from '@enclos/elf';
import { toHex } from '@enclos/codec';
import { parseSigstruct } from '@enclos/sgx';
import { openSdkImage, recogniseEnclaveFile, type SdkEnclaveImage } from '@enclos/sgx-image';
import { meterEnclaveImage, type MeterOptions } from '@enclos/sgx-image/node';

/** The measurement of an enclave file of another SDK. */
export interface FileMeasurement {
  /** 32 bytes of hex. */
  readonly mrEnclave: string;
  /** Length of its SGXS stream. */
  readonly streamBytes: number;
  readonly enclaveBytes: number;
  readonly pages: number;
  readonly sdk: SdkEnclaveImage['sdk'];
  /** What the SIGSTRUCT in the file names: this enclave, or another. It is not verified. */
  readonly signature: 'agrees' | 'differs' | 'none';
}

/**
 * Measures the enclave in an ELF file, in little memory.
 *
 * @returns undefined for a file without an enclave.
 * @throws ENCLAVE_FILE_TOO_LARGE, ENCLAVE_FILE_SIMULATED, ENCLAVE_FILE_INVALID, ENCLAVE_FILE_NOT_SIGNED, ENCLAVE_FILE_ZERO_BASE
 */
export function measureEnclaveFile(
  read: ReadAt,
  fileBytes: number,
  options: MeterOptions = {},
): FileMeasurement | undefined {
  if (recogniseEnclaveFile(read, fileBytes) === undefined) return undefined;
  const image = openSdkImage(read, fileBytes);
  const enclaveBytes = Number(image.sizeBytes);
  const metered = meterEnclaveImage(image, options);
  const mrEnclave = toHex(metered.mrEnclave);
  const signed = image.signature && toHex(parseSigstruct(image.signature).enclaveHash);
  const signature = signed === undefined ? 'none' : signed === mrEnclave ? 'agrees' : 'differs';
  const { streamBytes, pages } = metered;
  return Object.freeze({ mrEnclave, streamBytes, enclaveBytes, pages, sdk: image.sdk, signature });
}
