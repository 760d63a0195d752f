import { defineCommand } from '@enclos/cli-frame';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { parseReference, pushImage, withImageSource } from '@enclos/image';
import { machineArchitecture, registryCredentials } from '../../images/container.ts';

export const command = defineCommand({
  description: [
    'Sends an image, its bill of materials and its provenance to a registry that speaks the OCI distribution protocol.',
    'Blobs that the registry already has are not sent again; the tag changes last.',
    '',
    'The connection uses TLS, except to a registry on this machine.',
    'Credentials come from ENCLOS_REGISTRY_USER and ENCLOS_REGISTRY_PASSWORD, or a token from ENCLOS_REGISTRY_TOKEN, and are sent only when the registry asks.',
  ],
  arguments: {
    image: { value: 'PATH', summary: 'An OCI layout, or an archive of one', required: true },
    reference: { value: 'REFERENCE', summary: 'HOST[:PORT]/NAME[:TAG]', required: true },
  },
  options: { tag: { type: 'string', value: 'TAG', summary: 'Which image of a layout that has several' } },
  examples: [
    {
      command: 'enclos image push .enclos/vault.oci registry.example/team/vault:1.4.2',
      summary: 'Push what was built',
    },
  ],
  exitCodes: { 3: 'The image is damaged.' },
  async run({ arguments: { image, reference }, options: { tag } }, { io, path, progress }) {
    const to = parseReference(reference);
    const architecture = machineArchitecture();
    const choice = tag === undefined ? { architecture } : { architecture, tag };
    const options = { credentials: registryCredentials(io.env) };
    const pushed = await progress.during('pushing the image', () =>
      withImageSource(path(image), (source) => pushImage(source, { reference: to, choice }, options)),
    );
    return { ...pushed, reference: `${to.host}/${to.name}@${pushed.digest}` };
  },
  human({ reference, uploaded, referrers }, printer) {
    printer.line(`${markOf('ok', printer)} pushed ${reference}`);
    renderFacts([['sent', `${uploaded} blobs`], ...referrers.map((digest) => ['referrer', digest] as const)], printer);
  },
  json: (pushed) => pushed,
});
