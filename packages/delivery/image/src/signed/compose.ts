import { toHex } from '@enclos/codec';
import { sha256 } from '@enclos/sgx/node';
import { applicationEntries, entrypoint, type HostPrograms } from '../application.ts';
import { imageUser } from '../base/base.ts';
import type { ComposedImage } from '../build-image.ts';
import { compose, type ComposeContext } from '../compose.ts';
import { labelsOf } from '../labels.ts';
import type { LayoutWriter } from '../oci/layout-writer.ts';
import { fileComponent } from '../statements/component.ts';
import { bytesContent } from '../tar/entry.ts';
import { requireName, requireSignedFile, signedPath } from './enclave-file.ts';
import { stubFiles } from './stub-files.ts';

/** A signed enclave of Intel's SDK or of Open Enclave, and the programs around it. */
export interface SignedApplication extends HostPrograms {
  /** How image and enclave are called: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** The signed file. It goes into the image as it is, at `/app/enclave/NAME.signed`. */
  readonly file: Uint8Array;
}

/**
 * Puts a signed enclave of another SDK on a base, with the stub that runs it.
 * @throws OCI_IMAGE_REFUSED, OCI_BASE_UNUSABLE, STUB_MISSING, and what `requireSignedFile` throws.
 */
export async function composeSignedImage(
  application: SignedApplication,
  context: ComposeContext,
  writer: LayoutWriter,
): Promise<ComposedImage> {
  const { name, file, host, programs = [], components = [] } = application;
  requireName(name);
  const { identity } = requireSignedFile(file);
  const { architecture } = context;
  const path = signedPath(name);
  const enclave = { path: path.slice('/app/'.length), content: bytesContent(file) };
  const content = {
    name,
    entries: await applicationEntries(application, [enclave, ...(await stubFiles(architecture))], architecture),
    user: imageUser,
    environment: [`ENCLOS_IMAGE=${path}`],
    entrypoint,
    labels: labelsOf(identity),
    components: [
      { type: 'application', name, version: identity.mrEnclave, sha256: toHex(sha256(file)), location: path } as const,
      fileComponent('/app/host.mjs', host),
      ...programs.map((program) => fileComponent(`/app/${program.name}.mjs`, program.script)),
      ...components,
    ],
  };
  return Object.freeze({ ...(await compose(content, context, writer)), identity });
}
