import { defineCommand } from '@enclos/cli-frame';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { joinImages, withImageSource, type ImageSource } from '@enclos/image';

export const command = defineCommand({
  description: [
    'Joins images of one program for different architectures into one index: nodes of any of them pull it under one name.',
    'The images are copied as they are, with their statements; every blob is checked against its digest. They have to be started alike, and each has to be for another architecture.',
    '`enclos image push` sends the index with all of its images.',
  ],
  arguments: {
    images: {
      value: 'PATH',
      summary: 'OCI layouts, or archives of them, with one image each',
      required: true,
      multiple: true,
    },
  },
  options: {
    out: { type: 'string', value: 'DIR', required: true, summary: 'The OCI layout; an existing one is replaced' },
    tag: { type: 'string', value: 'TAG', default: 'latest', summary: 'The tag of the index in the layout' },
  },
  examples: [
    {
      command: 'enclos image index agent-amd64.oci agent-arm64.oci --out agent.oci',
      summary: 'Join what two machines built',
    },
  ],
  exitCodes: { 3: 'One of the images is damaged.' },
  async run({ arguments: { images }, options: { out, tag } }, { path, progress }) {
    const layout = path(out);
    const joined = await progress.during('joining the images', () =>
      withSources(images.map(path), [], (sources) => joinImages(sources, { layoutFolder: layout, tag })),
    );
    return { ...joined, layout };
  },
  human({ digest, layout, images }, printer) {
    printer.line(`${markOf('ok', printer)} joined ${digest}`);
    const rows = images.map((image) => [image.architecture, image.digest] as const);
    renderFacts([['layout', layout], ...rows], printer);
  },
  json: (joined) => joined,
});

/** All of them at once. */
function withSources<T>(
  [first, ...others]: readonly string[],
  opened: readonly ImageSource[],
  use: (sources: readonly ImageSource[]) => Promise<T>,
): Promise<T> {
  if (first === undefined) return use(opened);
  return withImageSource(first, (source) => withSources(others, [...opened, source], use));
}
