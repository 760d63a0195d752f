import { relative } from 'node:path';
import { defineCommand } from '@enclos/cli-frame';
import { createProject, templates } from './create-project.ts';
import { unpublishedWarning } from './unpublished.ts';

/** The program that runs this one, by what it says about itself; npm, unless it is one that works alike. */
function installerIn({ npm_config_user_agent: agent = '' }: Readonly<Record<string, string | undefined>>): string {
  return agent.startsWith('pnpm/') ? 'pnpm' : 'npm';
}

export const command = defineCommand({
  description: [
    'Writes a small application that builds and runs: an interface, an enclave, a host, and what npm and TypeScript need; or a Go program.',
    'It asks no questions, and writes only into a folder that is empty or does not exist.',
  ],
  arguments: {
    name: { value: 'NAME', summary: 'The folder to make; its last part names the enclave', required: true },
  },
  options: {
    template: {
      type: 'string',
      value: 'TEMPLATE',
      choices: templates,
      default: 'app',
      summary:
        'app: calls in and out; service: HTTP, with a client that checks the enclave; tls-service: TLS that ends inside, with a client that checks whose key it is; atls-service: attested TLS, with handlers from Request to Response; job: files in, and a result that proves which enclave made it; go: HTTPS in Go, with a proof on each connection',
    },
    from: {
      type: 'string',
      value: 'DIR',
      summary:
        'Take the packages of Enclos from the tarballs in DIR, which `npm run packages` writes in the repository; no registry is asked for them',
    },
    yes: { type: 'boolean', summary: 'Accepted for scripts, without effect: there are no questions' },
  },
  examples: [
    { command: 'enclos new greeter', summary: 'Make greeter, and see what to do next' },
    { command: 'enclos new notary --template service', summary: 'Start from a service and its client' },
    { command: 'enclos new ballot --template go', summary: 'Start from a service in Go' },
    { command: 'enclos new ../notes --from .packages', summary: 'Use packages that are not published yet' },
  ],
  exitCodes: {},
  async run({ arguments: { name }, options: { template, from } }, { io, path }) {
    const packages = from === undefined ? undefined : path(from);
    const created = await createProject({ folder: path(name), template, from: packages });
    const installer = installerIn(io.env);
    const commands =
      template === 'go' ? ['enclos go test', 'enclos go run'] : [`${installer} install`, `${installer} start`];
    const warning = from === undefined && template !== 'go' ? unpublishedWarning(created.folder) : undefined;
    return { ...created, from: io.cwd, commands, warning };
  },
  human({ name, folder, files, from, commands, warning }, printer) {
    printer.line(`${printer.paint('green', '✔')} made ${name}: ${files.length} files`);
    printer.line();
    printer.line('Next:');
    for (const next of [`cd ${relative(from, folder) || '.'}`, ...commands]) {
      printer.line(`  ${printer.paint('cyan', next)}`);
    }
    if (warning !== undefined) printer.line(`\n${printer.paint('yellow', '⚠')} ${warning}`);
  },
  json: ({ name, folder, files }) => ({ name, folder, files }),
});
