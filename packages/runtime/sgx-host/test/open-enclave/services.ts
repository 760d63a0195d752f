import type { OpenEnclaveServices } from '../../src/open-enclave/runtime.ts';

export interface RecordingServices extends OpenEnclaveServices {
  readonly lines: string[];
  readonly errors: unknown[];
}

/** What a runtime needs beside its enclave; notes what it is told. */
export function recordingServices(parts: Partial<OpenEnclaveServices> = {}): RecordingServices {
  const lines: string[] = [];
  const errors: unknown[] = [];
  return {
    now: () => 1_700_000_000_123.9,
    cpuid: (leaf) => [leaf >>> 0, 2, 0x0200_0000, 4],
    randomBytes: (bytes) => new Uint8Array(bytes).fill(7),
    quoting: undefined,
    log: (level, message) => lines.push(`log ${level} ${message}`),
    print: (device, text) => lines.push(`${device} ${text}`),
    failed: (error) => errors.push(error),
    ...parts,
    lines,
    errors,
  };
}
