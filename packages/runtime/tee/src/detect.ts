import { kernelFiles, type KernelFiles } from './devices/kernel-files.ts';
import { reportFolder } from './tsm/report-entry.ts';

/** An interface that is there. Whether it works, and what it proves, is known only from its evidence. */
export interface DetectedPlatform {
  readonly platform: 'gramine' | 'tsm' | 'azure-vtpm';
  /** What was found. */
  readonly path: string;
}

const marks = [
  { platform: 'gramine', path: '/dev/attestation/attestation_type' },
  { platform: 'tsm', path: reportFolder },
  // Any machine with a TPM has it. Of Azure it is when its NV memory holds an HCL report.
  { platform: 'azure-vtpm', path: '/dev/tpmrm0' },
] as const satisfies readonly DetectedPlatform[];

/**
 * Which interfaces of hardware platforms this machine shows. It only tells: nothing of Enclos chooses a platform by it,
 * since the host can show or hide each of these files.
 */
export async function detectPlatforms(
  options: { readonly files?: KernelFiles } = {},
): Promise<readonly DetectedPlatform[]> {
  const { files = kernelFiles } = options;
  const there = await Promise.all(marks.map(({ path }) => files.exists(path)));
  return Object.freeze(marks.filter((_, i) => there[i] === true));
}
