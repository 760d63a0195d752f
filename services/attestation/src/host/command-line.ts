import { addressIn, parseCommand, usageLine, type NetworkAddress } from '@enclos/command-line';
import { hostCommand, program } from './host-command.ts';

/** Where endorsements are asked for: `pcs`, `azure`, `kds`, `azure-amd`, or the URL of a PCCS. */
export type CollateralSource = 'pcs' | 'azure' | 'kds' | 'azure-amd' | URL;

export interface ServiceOptions {
  /** The file of the configuration. */
  readonly configuration: string;
  /** Make the configuration, with a root of this machine and a token for managers, when the file is not there. */
  readonly development: boolean;
  /** A folder, or a `postgres://` URL. */
  readonly store: string;
  readonly listen: NetworkAddress;
  /** Health and metrics, over plain HTTP. */
  readonly admin: NetworkAddress;
  /** Where the OpenID Connect issuer really is; the enclave checks that it is the one. */
  readonly identityProvider: NetworkAddress | undefined;
  readonly collateral: readonly CollateralSource[];
  /** Folder in which endorsements are kept. */
  readonly collateralCache: string | undefined;
  /** Where the certificate for clients is written. */
  readonly certificate: string;
  /** The file of the audit log; `-` for the standard output. */
  readonly audit: string;
}

/**
 * Reads the command line of the host.
 * @returns undefined when it asks for help
 * @throws ATTESTATION_USAGE
 */
export function parseCommandLine(argv: readonly string[]): ServiceOptions | undefined {
  const parsed = parseCommand({ ...program, command: hostCommand }, argv);
  if (parsed === undefined) return undefined;
  const {
    listen,
    admin,
    collateral,
    'identity-provider': identityProvider,
    'collateral-cache': collateralCache,
    ...values
  } = parsed.input.options;
  return Object.freeze({
    ...values,
    listen: addressOf(listen, '--listen'),
    admin: addressOf(admin, '--admin'),
    identityProvider: identityProvider === undefined ? undefined : addressOf(identityProvider, '--identity-provider'),
    collateral: (collateral.length === 0 ? ['pcs', 'kds'] : collateral).map(sourceOf),
    collateralCache,
  });
}

function addressOf(value: string, option: string): NetworkAddress {
  return addressIn(value) ?? refuse(`${option} is HOST:PORT, not ${JSON.stringify(value)}.`);
}

function sourceOf(value: string): CollateralSource {
  if (value === 'pcs' || value === 'azure' || value === 'kds' || value === 'azure-amd') return value;
  if (URL.canParse(value)) return new URL(value);
  return refuse(`--collateral is pcs, azure, kds, azure-amd or the URL of a PCCS, not ${JSON.stringify(value)}.`);
}

function refuse(message: string): never {
  return program.refuse(message, usageLine(program.name, hostCommand));
}
