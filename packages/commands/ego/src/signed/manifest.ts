import { basename } from 'node:path';
import { defaultLimits, withMemoryLimit } from '@enclos/build';
import type { ProgramArchitecture } from '@enclos/elf';
import { interfaceDigest, programInterface, type ProgramManifest } from '@enclos/manifest';
import type { EgoConfig } from '../config/config.ts';

/** EGo gives an enclave 32 threads (NumTCS). */
const threads = 32;
/** EGo bounds no folder of the host. */
const hostFolderBytes = 2n ** 40n;
/** What EGo lets through from any host. */
const anyEdgVariable = 'EDG_*';

/** The measured manifest of what EGo's configuration describes: / is memory, OE_IS_ENCLAVE says that it is an enclave. */
export function manifestOf(config: EgoConfig, architecture: ProgramArchitecture): ProgramManifest {
  const { network, debug, productId, securityVersion, heapSizeBytes, listen, connect } = config;
  return {
    name: enclaveName(config.exe),
    productId,
    securityVersion,
    debug,
    threads,
    heapSizeBytes: BigInt(heapSizeBytes),
    interfaceDigest: interfaceDigest(programInterface),
    program: { architecture, network, arguments: config.arguments, output: 'log' },
    environment: withMemoryLimit(environmentOf(config), heapSizeBytes),
    trustedFiles: [],
    mounts: mountsOf(config),
    listen: listen.map(({ transport = 'relayed', ...entry }) => ({ ...entry, transport })),
    connect: connect.map(({ transport = 'relayed', ...entry }) => ({ ...entry, transport })),
    limits: defaultLimits,
  };
}

function environmentOf({ environment }: EgoConfig): ProgramManifest['environment'] {
  const given = environment
    // A value that is empty makes no variable, as in EGo.
    .filter(({ value, fromHost }) => fromHost || value !== '')
    .map(({ name, value, fromHost }) => (fromHost || value === undefined ? { name } : { name, value }));
  const own = [{ name: 'OE_IS_ENCLAVE', value: '1' }, { name: anyEdgVariable }];
  return [...own.filter(({ name }) => !given.some((variable) => variable.name === name)), ...given];
}

function mountsOf({ mounts, heapSizeBytes }: EgoConfig): ProgramManifest['mounts'] {
  const root = { target: '/', readOnly: false, source: undefined };
  const all = mounts.some(({ target }) => target === '/') ? mounts : [root, ...mounts];
  return all.map(({ target, readOnly, source }) => ({
    target,
    kind: source === undefined ? ('memory' as const) : ('host' as const),
    readOnly,
    maxBytes: source === undefined ? BigInt(heapSizeBytes) : hostFolderBytes,
  }));
}

/** The name of the executable, as an enclave may have one: it is argv[0] and the name of the host. */
export function enclaveName(exe: string): string {
  const name = basename(exe)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-');
  return (/^[a-z]/.test(name) ? name : `app-${name}`).slice(0, 63);
}
