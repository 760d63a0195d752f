import { parseArgs } from 'node:util';
import { EnclosError } from '@enclos/errors';

/** Where endorsements are asked for: `pcs`, `azure`, `kds`, `azure-amd`, or the URL of a PCCS. */
export type CollateralSource = 'pcs' | 'azure' | 'kds' | 'azure-amd' | URL;

export interface AddressOption {
  readonly host: string;
  readonly port: number;
}

export interface ServiceOptions {
  /** The file of the configuration. */
  readonly configuration: string;
  /** Make the configuration, with a root of this machine and a token for managers, when the file is not there. */
  readonly development: boolean;
  /** A folder, or a `postgres://` URL. */
  readonly store: string;
  readonly listen: AddressOption;
  /** Health and metrics, over plain HTTP. */
  readonly admin: AddressOption;
  /** Where the OpenID Connect issuer really is; the enclave checks that it is the one. */
  readonly identityProvider: AddressOption | undefined;
  readonly collateral: readonly CollateralSource[];
  /** Folder in which endorsements are kept. */
  readonly collateralCache: string | undefined;
  /** Where the certificate for clients is written. */
  readonly certificate: string;
  /** The file of the audit log; `-` for the standard output. */
  readonly audit: string;
}

export const helpText = `The host of the attestation service.

  --configuration FILE     Tenants and limits. Default: attestation.json
  --development            Make FILE with one tenant that takes evidence of this machine's software platform,
                           and a token for its manager, when FILE is not there. For trying out.
  --store WHERE            A folder (default: attestation-store), or postgres://USER@HOST/DATABASE for replicas
  --listen HOST:PORT       Default: 127.0.0.1:8443
  --admin HOST:PORT        /healthz, /readyz and /metrics over HTTP. Default: 127.0.0.1:8081
  --identity-provider HOST:PORT
                           Where the OpenID Connect issuer of the configuration is reached
  --collateral SOURCE      pcs, azure, kds, azure-amd, or the URL of a PCCS; more than once. Default: pcs and kds
  --collateral-cache DIR   Keep endorsements there
  --certificate FILE       The TLS certificate, for clients. Default: attestation.pem
  --audit FILE             The audit log; - is the standard output. Default: attestation-audit.log
`;

const text = { type: 'string' } as const;

/** @returns undefined when help is asked for. @throws ATTESTATION_USAGE */
export function parseCommandLine(args: readonly string[]): ServiceOptions | undefined {
  const { help, listen, admin, collateral, ...values } = parseOrRefuse(args).values;
  if (help) return undefined;
  const identityProvider = values['identity-provider'];
  return Object.freeze({
    configuration: values.configuration,
    development: values.development,
    store: values.store,
    listen: addressOf(listen, '--listen'),
    admin: addressOf(admin, '--admin'),
    identityProvider: identityProvider === undefined ? undefined : addressOf(identityProvider, '--identity-provider'),
    collateral: (collateral ?? ['pcs', 'kds']).map(sourceOf),
    collateralCache: values['collateral-cache'],
    certificate: values.certificate,
    audit: values.audit,
  });
}

function parseOrRefuse(args: readonly string[]) {
  const options = {
    configuration: { ...text, default: 'attestation.json' },
    development: { type: 'boolean', default: false },
    store: { ...text, default: 'attestation-store' },
    listen: { ...text, default: '127.0.0.1:8443' },
    admin: { ...text, default: '127.0.0.1:8081' },
    'identity-provider': text,
    collateral: { ...text, multiple: true },
    'collateral-cache': text,
    certificate: { ...text, default: 'attestation.pem' },
    audit: { ...text, default: 'attestation-audit.log' },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options });
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : 'The arguments cannot be read.', cause);
  }
}

function addressOf(value: string, option: string): AddressOption {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) return refuse(`${option} is HOST:PORT, not ${JSON.stringify(value)}.`);
  return Object.freeze({ host, port });
}

function sourceOf(value: string): CollateralSource {
  if (value === 'pcs' || value === 'azure' || value === 'kds' || value === 'azure-amd') return value;
  if (URL.canParse(value)) return new URL(value);
  return refuse(`--collateral is pcs, azure, kds, azure-amd or the URL of a PCCS, not ${JSON.stringify(value)}.`);
}

function refuse(message: string, cause?: unknown): never {
  throw new EnclosError('ATTESTATION_USAGE', message, { cause });
}
