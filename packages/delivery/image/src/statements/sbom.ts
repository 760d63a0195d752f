import { createHash } from 'node:crypto';
import { encodeJson } from '../json.ts';
import type { Component } from './component.ts';
import type { StatementFacts } from './facts.ts';

export const sbomType = 'application/vnd.cyclonedx+json';

/**
 * The components of an image, as CycloneDX 1.6 in JSON. An image has exactly one such document: the serial number comes from its digest, and the time is that of the
 * image.
 */
export function sbomOf({ name, digest, created, components, tool }: StatementFacts): Uint8Array {
  const sorted = [...components].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  return encodeJson({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(digest)}`,
    version: 1,
    metadata: {
      timestamp: created,
      tools: { components: [{ type: 'application', name: tool.name, version: tool.version }] },
      component: {
        type: 'container',
        'bom-ref': digest,
        name,
        version: digest,
        hashes: [{ alg: 'SHA-256', content: digest.slice('sha256:'.length) }],
      },
    },
    components: sorted.map((component, index) => encodeComponent(component, index)),
  });
}

const orderOf = ({ type, name, version = '', location = '' }: Component): string =>
  JSON.stringify([type, name, version, location]);

function encodeComponent({ type, name, version, purl, sha256, location }: Component, index: number) {
  return {
    type,
    'bom-ref': `component-${index}`,
    name,
    ...(version === undefined ? {} : { version }),
    ...(sha256 === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: sha256 }] }),
    ...(purl === undefined ? {} : { purl }),
    ...(location === undefined ? {} : { evidence: { occurrences: [{ location }] } }),
  };
}

/** Version 8 of RFC 9562 section 5.8: bits of one's own, here those of a hash. */
function uuidOf(digest: string): string {
  const bytes = createHash('sha256').update(`sbom of ${digest}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
