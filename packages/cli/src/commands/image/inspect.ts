import { defineCommand } from '@enclos/cli-frame';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { describeImage } from '@enclos/image';
import { grouped } from '@enclos/command-line';
import { withImage } from '../../images/container.ts';

export const command = defineCommand({
  description: [
    'Shows what a container image says about itself: digest, user, entry point, labels, layers, and the statements that refer to it.',
    'Only the digests are checked; `enclos image verify` checks whether the labels are true.',
  ],
  arguments: {
    image: {
      value: 'PATH|REFERENCE',
      summary: 'An OCI layout, an archive of one, or an image in a registry',
      required: true,
    },
  },
  options: { tag: { type: 'string', value: 'TAG', summary: 'Which image of a layout that has several' } },
  examples: [{ command: 'enclos image inspect .enclos/vault.oci', summary: 'Show what was built' }],
  exitCodes: { 3: 'The image is damaged.' },
  run({ arguments: { image }, options: { tag } }, { io, path, progress }) {
    return progress.during('reading the image', () =>
      withImage({ target: image, path: path(image), tag }, io, ({ source, choice }) => describeImage(source, choice)),
    );
  },
  human({ digest, architecture, created, user, entrypoint, environment, labels, layers, referrers }, printer) {
    printer.line(digest);
    renderFacts(
      [
        ['for', architecture],
        ['created', created ?? 'not said'],
        ['user', user ?? 'not said'],
        ['entry point', entrypoint.join(' ')],
        ...environment.map((variable) => ['variable', variable] as const),
        ...Object.entries(labels).map(([name, value]) => ['label', `${name}=${value}`] as const),
        ...layers.map((layer) => ['layer', `${layer.digest} (${grouped(layer.sizeBytes)} bytes)`] as const),
        ...referrers.map((referrer) => ['referrer', `${referrer.digest} (${referrer.artifactType})`] as const),
      ],
      printer,
    );
    printer.line(`${markOf('info', printer)} the image says so; \`enclos image verify\` checks it`);
  },
  json: (facts) => facts,
});
