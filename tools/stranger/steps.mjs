import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMarkdown } from '../docs/markdown.mjs';
import { createWalk } from '../docs/walk.mjs';
import { root } from '../lib/workspace.mjs';
import { StepFailure, expectLines } from './play.mjs';
import { askThroughProxy, createMachine, playPod, podMissing } from './pod.mjs';
import { dependencies, writeOwnService } from './service.mjs';

const page = 'docs/tutorial/first-enclave.md';
const service = 'ballot';

/** How a project is made once the packages are published: see docs/how-to/install-from-npm.md. */
const create = (name, template) =>
  `npm create enclos ${name}${template === undefined ? '' : ` -- --template ${template}`}`;

/** What the page says until then, in the clone. */
const fromClone = 'npx --no enclos new ../notes --from .packages\ncd ../notes\n';

function tutorial() {
  const { blocks } = parseMarkdown(readFileSync(join(root, page), 'utf8'));
  const begins = blocks.findIndex(({ body }) => body.startsWith(fromClone));
  if (begins < 0) throw new StepFailure(`${page} does not begin with\n${fromClone}`);
  return blocks.with(begins, {
    ...blocks[begins],
    body: blocks[begins].body.replace(fromClone, `${create('notes')}\ncd notes\n`),
  });
}

/**
 * The steps of a stranger.
 * @returns `{ steps, release }`: `release` takes away what they made outside the home
 */
export async function stepsOf({ user, registry }) {
  const missing = await podMissing();
  const absent = process.env.CI === undefined ? missing : undefined;
  const project = join(user.home, service);
  const at = { project, name: service };
  let making;
  let machine;
  const steps = [
    {
      name: user.isAnother
        ? `an empty home, as user ${user.uid}`
        : 'an empty home, as this user: root would play another one',
      limitSeconds: 10,
      async play({ shell }) {
        expectLines('0', await shell('ls -A | wc -l'));
        await shell(`[ "$(id -u)" = ${user.uid} ] && ! command -v enclos && echo 'registry=${registry}/' > .npmrc`);
      },
    },
    {
      name: 'the tutorial, from npm create to what its end promises',
      limitSeconds: 120,
      async play({ leftMs }) {
        const place = { folder: user.home, notes: user.home, words: () => user.words, limitMs: leftMs };
        const problem = await createWalk(page, place).follow(tutorial());
        if (problem !== undefined) throw new StepFailure(problem);
      },
    },
    {
      name: 'npm create with the template atls-service',
      limitSeconds: 60,
      async play({ shell }) {
        await shell(`${create(service, 'atls-service')}\ncd ${service}\nnpm install`, {
          prints: `✔ made ${service}: …`,
        });
      },
    },
    {
      name: `own packages inside: ${dependencies.join(' and ')}`,
      limitSeconds: 60,
      async play({ shell }) {
        await shell(`npm install --save-exact ${dependencies.join(' ')}`, { cwd: project });
        writeOwnService(project, service, user);
        await shell('npm run types\nnpx --no enclos build', { cwd: project, prints: `✔ built ${service}…` });
      },
    },
    {
      name: 'enclos test',
      limitSeconds: 60,
      async play({ shell }) {
        await shell('npm test', { cwd: project, prints: '…pass 1\n…fail 0' });
      },
    },
    {
      name: 'image',
      limitSeconds: 60,
      async play({ shell }) {
        const commands = [
          'keygen signing.key.pem',
          'sign --key signing.key.pem',
          'image build --tag 1 --archive image.tar',
        ];
        await shell(commands.map((words) => `npx --no enclos ${words}`).join('\n'), {
          cwd: project,
          prints: `✔ built ${service}, … bytes in 2 layers`,
        });
      },
    },
    {
      name: 'deploy',
      limitSeconds: 30,
      async play({ shell }) {
        const options = `--image localhost/${service}:1 --image-layout .enclos/${service}.oci`;
        await shell(`npx --no enclos deploy --profile podman ${options}`, {
          cwd: project,
          prints: `✔ wrote …/deploy.json, made from the image\n✔ wrote …/deploy/podman/${service}.yaml`,
        });
      },
    },
    {
      name: 'a machine with a platform, by root',
      limitSeconds: 60,
      skip: absent,
      async play() {
        if (missing !== undefined) throw new StepFailure(`there can be no pod: ${missing}`);
        making = createMachine();
        machine = await making;
      },
    },
    {
      name: 'a pod that is ready, by root',
      limitSeconds: 60,
      skip: absent,
      play: (tools) => playPod(machine, at, tools),
    },
    {
      name: 'an answer, through enclos proxy and curl, and a refusal',
      limitSeconds: 60,
      skip: absent,
      play: (tools) => askThroughProxy(machine, at, tools),
    },
  ];
  // A step that is ended while it makes the machine leaves one that is made a moment later.
  const release = async () => (await making?.catch(() => undefined))?.close();
  return { steps, release };
}
