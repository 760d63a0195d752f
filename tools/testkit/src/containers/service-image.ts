import { fileURLToPath } from 'node:url';
import { startProgram } from '../programs.ts';
import { runFolder } from '../run-folder.ts';

// From tools/testkit/dist/src/containers.
const repository = fileURLToPath(new URL('../../../../..', import.meta.url));

export interface ServiceImage {
  readonly name: string;
  /** Of the manifest, `sha256:HEX`. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Builds the image of a service by its command, as an archive and a layout. @throws Error with what the command printed */
export async function serviceImage(
  service: string,
  { archive, layout }: { readonly archive: string; readonly layout: string },
): Promise<ServiceImage> {
  const words = ['tools/service-image.mjs', service, '--tag', '1', '--archive', archive, '--out', layout, '--json'];
  const { code, stdout, stderr } = await startProgram([process.execPath, ...words], {
    cwd: repository,
    env: { XDG_CACHE_HOME: runFolder('cache') },
  }).ended;
  if (code !== 0) throw new Error(stderr);
  // It is what the command prints.
  return JSON.parse(stdout) as ServiceImage;
}
