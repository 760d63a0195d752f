import { defineCommand } from '@enclos/cli-frame';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { parseReference, pullImage } from '@enclos/image';
import { machineArchitecture, registryCredentials } from '../../images/container.ts';

export const command = defineCommand({
  description: [
    'Gets an image and what refers to it from a registry into an OCI layout.',
    'Everything is checked against its digest, and the layout appears whole or not at all.',
    'With a tag, the registry chooses the image: verify it afterwards.',
    '',
    'The credentials are those of `enclos image push`.',
  ],
  arguments: {
    reference: { value: 'REFERENCE', summary: 'HOST[:PORT]/NAME:TAG or HOST[:PORT]/NAME@sha256:HEX', required: true },
  },
  options: {
    out: { type: 'string', value: 'DIR', required: true, summary: 'The OCI layout; an existing one is replaced' },
  },
  examples: [
    { command: 'enclos image pull registry.example/team/vault:1.4.2 --out vault.oci', summary: 'Pull an image' },
  ],
  exitCodes: { 3: 'What the registry sent is not what was asked for.' },
  async run({ arguments: { reference }, options: { out } }, { io, path, progress }) {
    const from = parseReference(reference);
    const options = { architecture: machineArchitecture(), credentials: registryCredentials(io.env) };
    const pulled = await progress.during('pulling the image', () => pullImage(from, path(out), options));
    return { ...pulled, layout: path(out) };
  },
  human({ digest, layout, referrers }, printer) {
    printer.line(`${markOf('ok', printer)} pulled ${digest}`);
    renderFacts([['layout', layout], ...referrers.map((referrer) => ['referrer', referrer] as const)], printer);
  },
  json: (pulled) => pulled,
});
