import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { eventsOption } from '@enclos/cli-frame/options';
import { markOf } from '@enclos/cli-frame/output';
import { addressIn, type CommandInput } from '@enclos/command-line';
import type { ProxyAddress } from '@enclos/atls/proxy';
import { acceptanceOptions, collateralChoice, inferenceServer, sealingOptions } from '../../inference/options.ts';
import { eventLines, eventNotes } from './events.ts';
import { forward } from './forward.ts';
import { forwardInference } from './forward-inference.ts';
import { inferenceLines, inferenceNotes } from './inference-events.ts';

const options = {
  ...acceptanceOptions,
  listen: {
    type: 'string',
    value: 'ADDRESS',
    default: '127.0.0.1:8080',
    summary: 'Where programs connect: HOST:PORT, or unix:PATH for a socket that only this user can open',
  },
  expose: { type: 'boolean', summary: 'Allow --listen on an address that other machines reach' },
  cached: {
    type: 'boolean',
    summary: 'Accept evidence about the key of the server, instead of new evidence for each connection',
  },
  inference: {
    type: 'boolean',
    summary: 'SERVER is the URL of an inference service: attest it, seal each request, and require receipts',
  },
  'allow-host': {
    type: 'string',
    value: 'NAME',
    multiple: true,
    summary:
      'With --inference and --expose: a name by which other machines call this one. Its addresses need none; give the option once for each',
  },
  ...sealingOptions,
  json: eventsOption,
} as const;

const exposedWords =
  'Other machines can reach the proxy. What they send to it is not encrypted, and the server cannot tell them apart.';

type Options = CommandInput<typeof options>['options'];

export const command = defineCommand({
  description: [
    'Takes connections on this machine, and for each makes an attested TLS connection to the server.',
    'Programs that do not know attested TLS use the address of the proxy: they speak to it in the clear, so `http://`, and the proxy forwards their bytes unchanged.',
    '',
    'Every connection is appraised by the policy before a byte of it goes out.',
    'When the server is refused, the connection is closed and the reason is printed; a request of HTTP gets 502 with the code.',
    'A software platform is refused unless the policy names its root.',
    '',
    'The collateral that the evidence is verified by comes from the server, signed by its vendor; it is fetched when the server sends none.',
    '',
    'At most 64 programs connect at once. A connection on which nothing passes for 5 minutes is closed, and one that is a day old.',
    'SIGINT or SIGTERM ends the proxy: connections on which bytes pass have 5 seconds. A second signal ends them at once.',
    '',
    'With --inference SERVER is the URL of an inference service, and programs are clients of the API of OpenAI or of the Open Inference Protocol.',
    'The service is attested before the proxy listens. Each request is sealed so that only the attested enclave opens it, and answers of models need receipts that hold.',
    'What the enclave did not answer is 502 with the reason. Pages in browsers are refused, and the TLS certificate of the service is not looked at: evidence and seal do its work.',
    '',
    'With --json each line has `event`: listening, attested, refused, busy, closed or ended; with --inference also answered, for each receipt.',
  ],
  arguments: {
    server: { value: 'SERVER', summary: 'The attested-TLS server, HOST:PORT; or a URL', required: true },
  },
  options,
  examples: [
    { command: 'enclos proxy vault.example:8443 --policy policy.json', summary: 'Then: curl http://127.0.0.1:8080/' },
    {
      command: 'enclos proxy vault.example:8443 --policy policy.json --listen unix:/run/user/1000/vault.sock',
      summary: 'Then: curl --unix-socket /run/user/1000/vault.sock http://vault.example/',
    },
    {
      command: 'enclos proxy --inference https://models.example:8443 --policy policy.json',
      summary: 'Then: OPENAI_BASE_URL=http://127.0.0.1:8080/v1 and any client',
    },
  ],
  exitCodes: {},
  async run({ arguments: { server }, options: given }, context) {
    const listen = listenAddress(given.listen, context);
    if (given.expose) context.notes.line(`${markOf('warning', context.notes)} ${exposedWords}`);
    if (given.inference) return serveInference(server, listen, given, context);
    refuseSealing(given);
    const target = addressIn(server);
    if (target === undefined || target.port === 0) {
      return refuseUsage(
        `SERVER is HOST:PORT, such as vault.example:8443, not ${JSON.stringify(server)}. For the URL of an inference service give --inference.`,
      );
    }
    const collateral = collateralChoice(given, context);
    const policyFile = context.path(given.policy);
    const leastMode = given.cached ? 'cached' : 'fresh';
    const forwarded = { target, policyFile, listen, allowOtherMachines: given.expose, leastMode, collateral } as const;
    return forward(forwarded, context.io, given.json ? eventLines(context) : eventNotes(context));
  },
});

async function serveInference(
  url: string,
  listen: ProxyAddress,
  given: Options,
  context: CommandContext,
): Promise<void> {
  if (given.cached) refuseUsage('--cached is for attested TLS: do not combine it with --inference.');
  const server = inferenceServer(url, given, context);
  const view = given.json ? inferenceLines(context) : inferenceNotes(context);
  const { expose: allowOtherMachines, 'allow-host': hosts } = given;
  if (hosts.length > 0 && !allowOtherMachines) refuseUsage('--allow-host goes with --expose.');
  await forwardInference({ server, listen, allowOtherMachines, hosts }, context.io, view);
}

function refuseSealing({ transport, model, 'allow-host': hosts, 'minimum-catalogue': minimum }: Options): void {
  if (transport !== undefined || model.length > 0 || hosts.length > 0 || minimum !== undefined) {
    refuseUsage('--transport, --model, --minimum-catalogue and --allow-host go with --inference.');
  }
}

function listenAddress(text: string, { path }: CommandContext): ProxyAddress {
  const [, socket] = /^unix:(.+)$/.exec(text) ?? [];
  if (socket !== undefined) return { path: path(socket) };
  return addressIn(text) ?? refuseUsage(`--listen is HOST:PORT or unix:PATH, not ${JSON.stringify(text)}.`);
}
