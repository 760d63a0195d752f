import type { Architecture, PreparedBase } from './base/base.ts';
import type { Digest } from './digest.ts';
import { encodeJson, sortedRecord } from './json.ts';
import { mediaTypes, type Descriptor } from './oci/documents.ts';
import type { LayoutWriter } from './oci/layout-writer.ts';
import { refNameAnnotation } from './oci/source.ts';
import { packLayer } from './layer/pack-layer.ts';
import type { Component } from './statements/component.ts';
import { provenanceOf, provenanceType } from './statements/provenance.ts';
import { addReferrer } from './statements/referrer.ts';
import { sbomOf, sbomType } from './statements/sbom.ts';
import type { LayerEntry } from './tar/entry.ts';
import { writeTar } from './tar/write.ts';

/** What an image is, whatever is in it. */
export interface ComposeContext {
  readonly base: PreparedBase;
  readonly architecture: Architecture;
  /** Seconds since 1970: the time of the application's files and of the image. */
  readonly createdSeconds: number;
  /** How the image is called in the layout. */
  readonly tag: string;
  /** What makes it. */
  readonly tool: { readonly name: string; readonly version: string };
}

export interface ImageContent {
  readonly name: string;
  /** The layer on top of those of the base. */
  readonly entries: readonly LayerEntry[];
  readonly user: number;
  /** Its variables, after those of the base: `NAME=VALUE`. */
  readonly environment: readonly string[];
  readonly entrypoint: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly components: readonly Component[];
}

export interface ComposedContent {
  readonly descriptor: Descriptor;
  readonly name: string;
  readonly config: Digest;
  readonly layers: readonly Descriptor[];
  readonly sbom: Descriptor;
  readonly provenance: Descriptor;
}

/**
 * Puts content on a base that is in the layout already, and does not finish the layout. The same arguments give the same bytes
 * on every machine, at any time.
 * @returns the image, and the manifests that the index of the layout has to name.
 */
export async function compose(
  content: ImageContent,
  { base, architecture, createdSeconds, tag, tool }: ComposeContext,
  writer: LayoutWriter,
): Promise<ComposedContent> {
  const { name } = content;
  const layers = [...base.layers, await packLayer(writeTar(content.entries, createdSeconds), writer)];
  const created = new Date(createdSeconds * 1000).toISOString().replace('.000Z', 'Z');
  const labels = sortedRecord({ 'org.opencontainers.image.title': name, ...content.labels });
  const diffIds = layers.map(({ diffId }) => diffId);
  const config = await writer.add(
    encodeJson({
      created,
      architecture,
      os: 'linux',
      config: { ...runOf(content, base), Labels: labels, StopSignal: 'SIGTERM' },
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: diffIds.map((_, index) => ({
        created,
        created_by: `enclos image build: ${index === diffIds.length - 1 ? name : `base ${base.name}`}`,
      })),
    }),
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
  const components = [...base.components, ...content.components];
  const facts = { name, digest: image.digest, created, base: base.name, components, tool };
  const about = { subject: image, created };
  return Object.freeze({
    descriptor: Object.freeze({ ...image, annotations: { [refNameAnnotation]: tag } }),
    name,
    config: config.digest,
    layers: Object.freeze(layers.map(({ descriptor }) => descriptor)),
    sbom: await addReferrer({ bytes: sbomOf(facts), type: sbomType }, about, writer),
    provenance: await addReferrer({ bytes: provenanceOf(facts), type: provenanceType }, about, writer),
  });
}

function runOf({ user, environment, entrypoint }: ImageContent, base: PreparedBase) {
  return {
    User: `${user}:${user}`,
    Env: [...base.environment, ...environment],
    Entrypoint: entrypoint,
    WorkingDir: '/app',
  };
}
