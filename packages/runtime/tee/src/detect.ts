import { kernelFiles, type KernelFiles } from './devices/kernel-files.ts';
import { reportFolder } from './tsm/report-entry.ts';

/** An interface that exists. Only its evidence shows whether it works, and what it proves. */
export interface DetectedPlatform {
  readonly platform: 'gramine' | 'tsm' | 'azure-vtpm';
  /** What was found. */
  readonly path: string;
}

const marks = [
  { platform: 'gramine', path: '/dev/attestation/attestation_type' },
  { platform: 'tsm', path: reportFolder },
  // Any machine with a TPM has it. It belongs to Azure when its NV memory holds an HCL report.
  { platform: 'azure-vtpm', path: '/dev/tpmrm0' },
] as const satisfies readonly DetectedPlatform[];

/**
 * The interfaces of hardware platforms that this machine shows. For information only: Enclos never chooses a platform by it,
 * because the host can show or hide each of these files.
 */
export async function detectPlatforms(
  options: { readonly files?: KernelFiles } = {},
): Promise<readonly DetectedPlatform[]> {
  const { files = kernelFiles } = options;
  const there = await Promise.all(marks.map(({ path }) => files.exists(path)));
  return Object.freeze(marks.filter((_, i) => there[i] === true));
}
