import { refuseUsage } from '@enclos/cli-frame';
import type { SeparationOptions, UserRange } from '@enclos/software-sgx';

/** The options that keep a platform, its hosts and its enclaves apart. */
export const separationOptions = {
  separated: {
    type: 'boolean',
    summary: 'Run platform, hosts and each enclave as different users; needs root and a separated machine',
  },
  'host-user': {
    type: 'string',
    value: 'UID[,UID]',
    summary: 'With --separated: the users who may use the platform; each gets a socket',
  },
  'enclave-users': {
    type: 'string',
    value: 'FIRST-LAST',
    summary: 'With --separated: the users that enclaves run as, which nothing else on the machine may have',
  },
  runtime: {
    type: 'string',
    value: 'DIR',
    summary: 'With --separated: the folder of the sockets, instead of /run/enclos',
  },
  cache: {
    type: 'string',
    value: 'DIR',
    summary: 'With --separated: the folder of the copy of the interpreter, instead of /var/cache/enclos',
  },
} as const;

interface SeparationInput {
  readonly separated: boolean;
  readonly 'host-user': string | undefined;
  readonly 'enclave-users': string | undefined;
  readonly runtime: string | undefined;
  readonly cache: string | undefined;
}

/** @returns undefined when separation is not asked for. */
export function separationOf(given: SeparationInput, path: (text: string) => string): SeparationOptions | undefined {
  const { separated, 'host-user': hosts, 'enclave-users': enclaves, runtime, cache } = given;
  if (!separated) {
    if ([hosts, enclaves, runtime, cache].every((option) => option === undefined)) return undefined;
    refuseUsage('--host-user, --enclave-users, --runtime and --cache go with --separated.');
  }
  if (hosts === undefined || enclaves === undefined) {
    refuseUsage('--separated needs --host-user and --enclave-users.');
  }
  return {
    hostUsers: hosts.split(',').map((text) => parseUser('--host-user', text)),
    enclaveUsers: parseRange(enclaves),
    ...(runtime === undefined ? {} : { runtimeFolder: path(runtime) }),
    ...(cache === undefined ? {} : { cacheFolder: path(cache) }),
  };
}

function parseRange(text: string): UserRange {
  const [first = '', last = '', ...rest] = text.split('-');
  if (rest.length > 0) refuseUsage(`--enclave-users is FIRST-LAST, such as 61000-61255, not ${JSON.stringify(text)}.`);
  return { first: parseUser('--enclave-users', first), last: parseUser('--enclave-users', last) };
}

/** Only numbers: to look up a name takes a database that a container may not have. */
function parseUser(option: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) refuseUsage(`${option} takes numeric users, not ${JSON.stringify(text)}.`);
  return Number(text);
}
