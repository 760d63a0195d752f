import type { SignedIdentity } from '@enclos/build';
import { sha256 } from '@enclos/sgx/node';
import { toHex } from '@enclos/codec';
import { applicationEntries, enclavePaths, entrypoint, requireSigned, type Application } from './application.ts';
import { imageUser } from './base/base.ts';
import { compose, type ComposeContext, type ComposedContent } from './compose.ts';
import { labelsOf } from './labels.ts';
import type { LayoutWriter } from './oci/layout-writer.ts';
import { relayFiles } from './relay-files.ts';
import { fileComponent, type Component } from './statements/component.ts';
import { bytesContent } from './tar/entry.ts';

export interface ComposedImage extends ComposedContent {
  readonly identity: SignedIdentity;
}

/**
 * Puts an application on a base, as `compose` does.
 * @throws OCI_IMAGE_REFUSED, LAUNCH_MEASUREMENT_MISMATCH, OCI_BASE_UNUSABLE, and what the readers of image and signature throw.
 */
export async function composeImage(
  application: Application,
  context: ComposeContext,
  writer: LayoutWriter,
): Promise<ComposedImage> {
  const { manifest, identity } = requireSigned(application.image, application.signature);
  const { name } = manifest;
  const { image, signature, companionFiles } = enclavePaths(name);
  const content = {
    name,
    entries: await applicationEntries(
      application,
      [
        { path: image.slice('/app/'.length), content: bytesContent(application.image) },
        { path: signature.slice('/app/'.length), content: bytesContent(application.signature) },
        ...(application.companionFiles ?? []).map((file) => ({
          ...file,
          path: `${companionFiles.slice('/app/'.length)}/${file.path}`,
        })),
        ...(await relayFiles(manifest, context.architecture)),
      ],
      context.architecture,
    ),
    user: imageUser,
    environment: [`ENCLOS_IMAGE=${image}`, `ENCLOS_SIGNATURE=${signature}`],
    entrypoint,
    labels: labelsOf(identity),
    components: partsOf(application, name, identity),
  };
  return Object.freeze({ ...(await compose(content, context, writer)), identity });
}

/** The application as the bill of materials has it. */
function partsOf(
  { image, signature, host, programs = [], components = [] }: Application,
  name: string,
  { mrEnclave }: SignedIdentity,
): readonly Component[] {
  const paths = enclavePaths(name);
  return [
    { type: 'application', name, version: mrEnclave, sha256: toHex(sha256(image)), location: paths.image },
    fileComponent(paths.signature, signature),
    fileComponent('/app/host.mjs', host),
    ...programs.map((program) => fileComponent(`/app/${program.name}.mjs`, program.script)),
    ...components,
  ];
}
