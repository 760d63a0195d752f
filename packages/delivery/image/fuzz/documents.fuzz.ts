import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseConfig, parseIndex, parseManifest } from '../src/oci/documents.ts';
import { parseChallenge } from '../src/registry/authorization.ts';
import { parseReference } from '../src/registry/reference.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 10 };
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 10 };
const manifest = { schemaVersion: 2, config, layers: [layer], annotations: { a: 'b' } };

export const seeds: readonly Uint8Array[] = [
  utf8(JSON.stringify(manifest)),
  utf8(JSON.stringify({ ...manifest, artifactType: 'application/vnd.in-toto+json', subject: layer })),
  utf8(
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...layer, platform: { os: 'linux', architecture: 'amd64' } }] }),
  ),
  utf8(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Env: ['A=b'], Entrypoint: ['/x'], Labels: { a: 'b' }, User: '1:1' },
      rootfs: { type: 'layers', diff_ids: [digest] },
    }),
  ),
  utf8(`registry.example:5000/team/vault:1@${digest}`),
  utf8('Bearer realm="https://registry.example/token",service="s",scope="repository:a:pull"'),
];

/** Whatever a registry or a folder holds: a document, or a refusal. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(data);
  const attempts = [
    () => parseIndex(data),
    () => parseManifest(data),
    () => parseConfig(data),
    () => parseReference(text),
    () => parseChallenge(text),
  ];
  for (const attempt of attempts) {
    try {
      attempt();
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}
