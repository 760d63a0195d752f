import { inspectFile, type InspectReport, type MeterOptions } from '@enclos/build/inspect';

/**
 * Says what an image, SIGSTRUCT, quote, sealed blob or signing key holds.
 * @throws BUILD_FILE_UNREADABLE, BUILD_FILE_UNRECOGNISED, BUILD_FILE_TOO_LARGE, or the error of the parser for a damaged file.
 */
export async function inspect(path: string, meter?: MeterOptions): Promise<InspectReport> {
  const { explain } = await import('../../evidence/explain.ts');
  return inspectFile(path, { explain: (bytes) => explain({ bytes }), meter });
}
