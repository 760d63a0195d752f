import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { eventsOption } from '@enclos/cli-frame/options';
import { markOf } from '@enclos/cli-frame/output';
import { addressIn, type CommandInput } from '@enclos/command-line';
import type { ProxyAddress } from '@enclos/atls/proxy';
import {
  baselineOptions,
  cacheOption,
  fetchOf,
  offlineOption,
  refuseFetchOptions,
  sourceOptions,
} from '../../options/collateral.ts';
import { eventLines, eventNotes } from './events.ts';
import { forward, type CollateralChoice } from './forward.ts';

const options = {
  policy: {
    type: 'string',
    value: 'FILE',
    required: true,
    summary: 'What is accepted of the server, JSON: see `enclos policy`',
    extensions: ['json'],
  },
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
  collateral: {
    type: 'string',
    value: 'FILE',
    summary: 'What the vendor says about the platform, instead of what the server sends along',
    extensions: ['json'],
  },
  fetch: { type: 'boolean', summary: 'Fetch it, as `enclos verify` does, instead of what the server sends along' },
  ...sourceOptions,
  ...baselineOptions,
  cache: cacheOption,
  offline: offlineOption,
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
    'With --json each line has `event`: listening, attested, refused, busy, closed or ended.',
  ],
  arguments: {
    server: { value: 'SERVER', summary: 'The attested-TLS server, HOST:PORT', required: true },
  },
  options,
  examples: [
    { command: 'enclos proxy vault.example:8443 --policy policy.json', summary: 'Then: curl http://127.0.0.1:8080/' },
    {
      command: 'enclos proxy vault.example:8443 --policy policy.json --listen unix:/run/user/1000/vault.sock',
      summary: 'Then: curl --unix-socket /run/user/1000/vault.sock http://vault.example/',
    },
  ],
  exitCodes: {},
  async run({ arguments: { server }, options: given }, context) {
    const target = addressIn(server);
    if (target === undefined || target.port === 0) {
      return refuseUsage(`SERVER is HOST:PORT, such as vault.example:8443, not ${JSON.stringify(server)}.`);
    }
    const view = given.json ? eventLines(context) : eventNotes(context);
    if (given.expose) context.notes.line(`${markOf('warning', context.notes)} ${exposedWords}`);
    await forward(
      {
        target,
        policyFile: context.path(given.policy),
        listen: listenAddress(given.listen, context),
        allowOtherMachines: given.expose,
        leastMode: given.cached ? 'cached' : 'fresh',
        collateral: collateralChoice(given, context),
      },
      context.io,
      view,
    );
  },
});

function listenAddress(text: string, { path }: CommandContext): ProxyAddress {
  const [, socket] = /^unix:(.+)$/.exec(text) ?? [];
  if (socket !== undefined) return { path: path(socket) };
  return addressIn(text) ?? refuseUsage(`--listen is HOST:PORT or unix:PATH, not ${JSON.stringify(text)}.`);
}

function collateralChoice(given: Options, context: CommandContext): CollateralChoice {
  const { collateral: file, fetch: fetches } = given;
  if (file !== undefined) {
    refuseFetchOptions(given);
    return { from: 'file', file: context.path(file) };
  }
  return { from: fetches ? 'source' : 'server', fetch: fetchOf({ ...given, refresh: false }, context) };
}
