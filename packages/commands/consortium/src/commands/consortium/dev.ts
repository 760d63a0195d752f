import { join } from 'node:path';
import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { readSmallFile } from '@enclos/cli-frame/files';
import { eventsOption } from '@enclos/cli-frame/options';
import { addressIn, wholeNumberIn, type CommandInput, type NetworkAddress } from '@enclos/command-line';
import { readTokenIssuer, tokenIssuerBytes, type TokenIssuer } from '@enclos/consortium-app';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { homeOf } from '../../dev/app-folder.ts';
import { runSandbox } from '../../dev/session.ts';
import { issueToken } from '../../dev/tokens.ts';
import { eventLines, eventNotes } from '../../dev/view.ts';

const options = {
  listen: {
    type: 'string',
    value: 'HOST:PORT',
    default: '127.0.0.1:8000',
    summary: 'Where the service listens; port 0 takes a free one',
  },
  engine: {
    type: 'string',
    value: 'ENGINE',
    default: 'v8',
    summary: 'v8, which has a debugger, or quickjs, which services run on, with its limits',
  },
  inspect: {
    type: 'string',
    value: 'HOST:PORT',
    summary: 'Open the inspector of V8 there: 127.0.0.1:9229, for chrome://inspect and editors',
  },
  certificates: {
    type: 'string',
    value: 'FOLDER',
    summary: 'Where the certificates and keys go. Default: sandbox_common in FOLDER of the application',
  },
  ledger: { type: 'string', value: 'FOLDER', summary: 'Write the ledger into this folder, which must be new or empty' },
  'initial-user-count': { type: 'string', value: 'COUNT', default: '1', summary: 'How many users: user0 and on' },
  'initial-member-count': { type: 'string', value: 'COUNT', default: '1', summary: 'How many members: member0 and on' },
  'jwt-issuer': {
    type: 'string',
    value: 'FILE',
    multiple: true,
    summary: 'Accept the tokens of this issuer: the arguments of set_jwt_issuer in JSON, {"issuer":…,"jwks":…}',
  },
  'jwt-claims': {
    type: 'string',
    value: 'JSON',
    summary:
      'Make an issuer, and a token of it with these claims, such as {"sub":"me"}, in jwt_token beside the certificates',
  },
  json: eventsOption,
} as const;

export const command = defineCommand({
  description: [
    'Runs an application of CCF as a service of one node, in memory, over HTTPS, and loads it again whenever one of its files changes.',
    'FOLDER holds app.json and src/, as CCF wants it; or it is a bundle.json that `npx ccf-build-bundle` wrote.',
    'Where src/ has TypeScript for a module that app.json names, the module is built with everything that it imports, packages included.',
    '',
    'The service is new at each start: its certificate, those of its users and members, their keys and the ledger secret are written to sandbox_common. Use none of them elsewhere.',
    'There is no governance: the service is open at once, and takes the application from the folder.',
    'Exceptions are printed with the lines of your sources, and are in the answers too, with --engine quickjs with the lines of what was built. Types are not checked: run `tsc --noEmit` beside it.',
    '',
    'With --engine v8 a request may take 5 seconds, or with --inspect 10 minutes, since you may stop in it; memory is not limited. With --engine quickjs all limits of CCF hold.',
    'For endpoints with the policy jwt: --jwt-issuer takes the keys of an issuer, as `--jwt-issuer` of the sandbox of CCF does; --jwt-claims makes a key and a token, for 90 days.',
    '',
    'With --ledger the transactions go into files: `enclos ledger verify` reads them, and `enclos ledger show --member-key sandbox_common/member0_enc_privk.pem` opens what is private.',
    '',
    'SIGINT or SIGTERM ends it: the last transactions are signed.',
    '',
    'With --json each line has `event`: listening, loaded, refused, log or ended.',
  ],
  arguments: { folder: { value: 'FOLDER', summary: 'The folder of app.json, or a bundle.json', default: '.' } },
  options,
  examples: [
    { command: 'enclos consortium dev app', summary: 'Run the application in app/; it prints a line for curl' },
    {
      command: 'enclos consortium dev app --inspect 127.0.0.1:9229 --ledger ledger',
      summary: 'With a debugger, and with a ledger in files',
    },
    { command: 'enclos consortium dev app --engine quickjs', summary: 'As services run it' },
    {
      command: 'enclos consortium dev app --initial-user-count 2 --initial-member-count 3',
      summary: 'With user0, user1 and three members, as the sandbox of CCF has them',
    },
    {
      command: `enclos consortium dev app --jwt-claims '{"sub":"me"}'`,
      summary: 'With a token for endpoints that want one; the line for curl shows it',
    },
  ],
  exitCodes: {},
  async run({ arguments: { folder }, options: given }, context) {
    const { 'jwt-claims': claims, 'jwt-issuer': definitions } = given;
    const listen = address(given.listen, '--listen');
    const inspect = given.inspect === undefined ? undefined : address(given.inspect, '--inspect');
    const engine = engineNamed(given);
    const app = context.path(folder);
    await runSandbox(
      {
        app,
        listen,
        engine,
        inspect,
        certificates: context.path(given.certificates) ?? join(homeOf(app), 'sandbox_common'),
        ledger: context.path(given.ledger),
        parties: { users: count(given, 'initial-user-count'), members: count(given, 'initial-member-count') },
        issuers: await Promise.all(definitions.map((path) => readIssuer(context.path(path)))),
        issued: claims === undefined ? undefined : issueToken(claims),
      },
      context.io,
      viewOf(given, context),
    );
  },
});

type Options = CommandInput<typeof options>['options'];

/** @throws TOKEN_ISSUER_INVALID that names the file. */
async function readIssuer(path: string): Promise<TokenIssuer> {
  const bytes = await readSmallFile(path, tokenIssuerBytes);
  try {
    return readTokenIssuer(bytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw new EnclosError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

function address(text: string, option: string): NetworkAddress {
  return addressIn(text) ?? refuseUsage(`${option} is HOST:PORT, not ${JSON.stringify(text)}.`);
}

/** Each party has keys to make. */
const mostParties = 64;

function count(given: Options, option: 'initial-member-count' | 'initial-user-count'): number {
  const found = wholeNumberIn(given[option], { least: 1, most: mostParties });
  return (
    found ?? refuseUsage(`--${option} is a number from 1 to ${mostParties}, not ${JSON.stringify(given[option])}.`)
  );
}

function engineNamed({ engine, inspect }: Options): 'quickjs' | 'v8' {
  if (engine !== 'v8' && engine !== 'quickjs') {
    return refuseUsage(`--engine is v8 or quickjs, not ${JSON.stringify(engine)}.`);
  }
  if (engine === 'quickjs' && inspect !== undefined) refuseUsage('--inspect goes with --engine v8.');
  return engine;
}

function viewOf({ json }: Options, context: CommandContext): ReturnType<typeof eventLines> {
  return json ? eventLines(context) : eventNotes(context);
}
