import { encodeJson } from '../json.ts';
import type { StatementFacts } from './facts.ts';

export const provenanceType = 'application/vnd.in-toto+json';

/**
 * How an image was made: an in-toto statement (version 1) with a SLSA provenance predicate (version 1). It is not signed, so it
 * proves nothing by itself: it says what to feed to another build to get the same digest.
 */
export function provenanceOf({ name, digest, created, base, components, tool }: StatementFacts): Uint8Array {
  const dependencies = components
    .filter(({ sha256 }) => sha256 !== undefined)
    .map(({ name: dependency, purl, sha256, location }) => ({
      name: dependency,
      ...(purl === undefined ? {} : { uri: purl }),
      digest: { sha256 },
      ...(location === undefined ? {} : { annotations: { location } }),
    }));
  return encodeJson({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digest.slice('sha256:'.length) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://enclos.dev/image-build/v1',
        externalParameters: { base },
        internalParameters: { created },
        resolvedDependencies: dependencies,
      },
      runDetails: { builder: { id: `https://enclos.dev/${tool.name}`, version: { [tool.name]: tool.version } } },
    },
  });
}
