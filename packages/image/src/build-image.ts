import type { SignedIdentity } from '@enclos/build';
import { sha256 } from '@enclos/sgx/node';
import { toHex } from '@enclos/codec';
import { applicationEntries, enclavePaths, entrypoint, requireSigned, type Application } from './application.ts';
import { imageUser, type Architecture, type PreparedBase } from './base/base.ts';
import type { Digest } from './digest.ts';
import { encodeJson, sortedRecord } from './json.ts';
import { labelsOf } from './labels.ts';
import { mediaTypes, type Descriptor } from './oci/documents.ts';
import type { LayoutWriter } from './oci/layout-writer.ts';
import { refNameAnnotation } from './oci/source.ts';
import { packLayer } from './pack-layer.ts';
import type { Component } from './statements/component.ts';
import { provenanceOf, provenanceType } from './statements/provenance.ts';
import { addReferrer } from './statements/referrer.ts';
import { sbomOf, sbomType } from './statements/sbom.ts';
import { writeTar } from './tar/write.ts';

export interface ComposeOptions {
  readonly application: Application;
  readonly base: PreparedBase;
  readonly architecture: Architecture;
  /** Seconds since 1970: the time of the application's files and of the image. */
  readonly createdSeconds: number;
  /** How the image is called in the layout. */
  readonly tag: string;
  /** What makes it. */
  readonly tool: { readonly name: string; readonly version: string };
}

export interface ComposedImage {
  readonly descriptor: Descriptor;
  readonly identity: SignedIdentity;
  /** Of the enclave, and so of the image. */
  readonly name: string;
  readonly config: Digest;
  readonly layers: readonly Descriptor[];
  readonly sbom: Descriptor;
  readonly provenance: Descriptor;
}

/**
 * Puts an application on a base that is in the layout already, and finishes nothing: the same arguments give the same bytes,
 * whoever calls, wherever and whenever.
 * @returns the image, and the manifests that the index of the layout has to name.
 * @throws OCI_IMAGE_REFUSED, LAUNCH_MEASUREMENT_MISMATCH, OCI_BASE_UNUSABLE, and what the readers of image and signature throw.
 */
export async function composeImage(options: ComposeOptions, writer: LayoutWriter): Promise<ComposedImage> {
  const { application, base, architecture, createdSeconds, tag, tool } = options;
  const { manifest: enclave, identity } = requireSigned(application.image, application.signature);
  const { name } = enclave;
  const entries = await applicationEntries(application, name, architecture);
  const layers = [...base.layers, await packLayer(writeTar(entries, createdSeconds), writer)];
  const created = new Date(createdSeconds * 1000).toISOString().replace('.000Z', 'Z');
  const labels = sortedRecord({ 'org.opencontainers.image.title': name, ...labelsOf(identity) });
  const config = await writer.add(
    encodeJson(configOf({ ...options, name, created, labels, diffIds: layers.map(({ diffId }) => diffId) })),
    mediaTypes.config,
  );
  const manifest = encodeJson({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: sortedRecord({ 'org.opencontainers.image.created': created, ...labels }),
  });
  const image = await writer.add(manifest, mediaTypes.manifest);
  const components = [...base.components, ...partsOf(application, name, identity)];
  const facts = { name, digest: image.digest, created, base: base.name, components, tool };
  const about = { subject: image, created };
  return Object.freeze({
    descriptor: Object.freeze({ ...image, annotations: { [refNameAnnotation]: tag } }),
    identity,
    name,
    config: config.digest,
    layers: Object.freeze(layers.map(({ descriptor }) => descriptor)),
    sbom: await addReferrer({ bytes: sbomOf(facts), type: sbomType }, about, writer),
    provenance: await addReferrer({ bytes: provenanceOf(facts), type: provenanceType }, about, writer),
  });
}

interface ConfigFacts extends ComposeOptions {
  readonly name: string;
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly diffIds: readonly Digest[];
}

function configOf({ architecture, base, name, created, labels, diffIds }: ConfigFacts) {
  const { image, signature } = enclavePaths(name);
  return {
    created,
    architecture,
    os: 'linux',
    config: {
      User: `${imageUser}:${imageUser}`,
      Env: [...base.environment, `ENCLOS_IMAGE=${image}`, `ENCLOS_SIGNATURE=${signature}`],
      Entrypoint: entrypoint,
      WorkingDir: '/app',
      Labels: labels,
      StopSignal: 'SIGTERM',
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((_, index) => ({
      created,
      created_by: `enclos image build: ${index === diffIds.length - 1 ? name : `base ${base.name}`}`,
    })),
  };
}

/** The application as the bill of materials has it. */
function partsOf(
  { image, signature, host, programs = [], components = [] }: Application,
  name: string,
  { mrEnclave }: SignedIdentity,
): readonly Component[] {
  const paths = enclavePaths(name);
  const file = (location: string, bytes: Uint8Array): Component => ({
    type: 'file',
    name: location.slice(location.lastIndexOf('/') + 1),
    sha256: toHex(sha256(bytes)),
    location,
  });
  return [
    { type: 'application', name, version: mrEnclave, sha256: toHex(sha256(image)), location: paths.image },
    file(paths.signature, signature),
    file('/app/host.mjs', host),
    ...programs.map((program) => file(`/app/${program.name}.mjs`, program.script)),
    ...components,
  ];
}
