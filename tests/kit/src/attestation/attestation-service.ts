import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  makeDevelopmentConfiguration,
  runService,
  type RunningService,
  type ServiceOptions,
} from '@enclos/attestation-service';
import { buildEnclave, loadProject, relayedVariant, signEnclave, type Project } from '@enclos/build';
import { jsonLines, loadEnclave, type EnclosLogger, type Enclave } from '@enclos/host';
import type { SoftwareLauncher } from '@enclos/tee';
import { claimant } from '../../enclaves/claimant/claimant.edl.ts';
import { serviceEnvironment } from '../service-environment.ts';
import { sharedImage } from '../shared-image.ts';
import { signingKey } from '../signing-keys.ts';
import type { SignedImage, Workshop } from '../workshop.ts';

export const serviceProjectFolder = fileURLToPath(new URL('../../../../../services/attestation', import.meta.url));

export interface ServiceVariant {
  readonly name: string;
  readonly change?: Partial<Pick<Project, 'debug' | 'heapSizeBytes'>>;
  /** As `enclos build --relayed` builds it. */
  readonly relayed?: boolean;
}

/**
 * The image of the service, signed by the first test key.
 * @param variant of its project; each has a name of its own.
 */
export async function signedService(
  workshop: Workshop,
  variant: ServiceVariant = { name: 'service' },
): Promise<SignedImage> {
  const { change, relayed = false } = variant;
  const image = await sharedImage(['attestation-service', change, relayed], async () => {
    const loaded = await loadProject(serviceProjectFolder);
    const project = { ...(relayed ? relayedVariant(loaded) : loaded), ...change };
    const outFolder = workshop.subfolder(`attestation-image-${variant.name}`);
    return (await buildEnclave(project, { outFolder })).image;
  });
  return { image, signature: signEnclave({ image, key: signingKey('first'), date: new Date('2026-06-01') }) };
}

export interface TestServiceOptions {
  readonly signed: SignedImage;
  readonly launcher: SoftwareLauncher;
  /** Where configuration, store and audit log are; kept between starts. */
  readonly folder: string;
  readonly port: number;
  /** Made of the configuration for development, the first time. */
  readonly change?: (configuration: DevelopmentConfiguration) => object;
  readonly store?: string;
  /** Where endorsements are asked for beside this machine's platform, and where the OpenID Connect issuer is. */
  readonly sources?: Partial<Pick<ServiceOptions, 'collateral' | 'identityProvider'>>;
  readonly logger?: EnclosLogger;
}

/** `limits` of a configuration for callers that ask as fast as they can. */
export const noRates = Object.freeze({
  attestPerSecond: 0,
  attestPerClient: 0,
  discoveryPerSecond: 0,
  callsPerClient: 0,
});

/** As `makeDevelopmentConfiguration` writes it. */
export interface DevelopmentConfiguration {
  readonly tenants: readonly [Readonly<Record<string, unknown>> & { readonly softwareRoots: readonly string[] }];
}

export interface TestService {
  readonly running: RunningService;
  /** PEM: what clients trust for TLS. */
  readonly certificate: string;
  /** For managers. */
  readonly managementToken: string;
  readonly auditFile: string;
  readonly storeFolder: string;
}

export async function startTestService(options: TestServiceOptions): Promise<TestService> {
  const { signed, launcher, folder, port, change, store, sources, logger } = options;
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, 'attestation.json');
  const token = join(folder, 'token.txt');
  const isMade = await makeDevelopmentConfiguration({
    configuration,
    token,
    issuer: `https://localhost:${port}`,
    endorsements: await launcher.endorsements(),
    now: new Date(),
  });
  if (isMade && change !== undefined) {
    const made = JSON.parse(readFileSync(configuration, 'utf8')) as DevelopmentConfiguration;
    writeFileSync(configuration, JSON.stringify(change(made)));
  }
  const storeFolder = join(folder, 'store');
  const auditFile = join(folder, 'audit.log');
  const running = await runService(
    {
      configuration,
      development: false,
      store: store ?? storeFolder,
      listen: { host: '127.0.0.1', port },
      admin: { host: '127.0.0.1', port: 0 },
      identityProvider: undefined,
      collateral: [],
      collateralCache: undefined,
      ...sources,
      certificate: join(folder, 'tls.pem'),
      audit: auditFile,
    },
    {
      environment: serviceEnvironment(signed, launcher),
      logger: logger ?? jsonLines({ stream: process.stderr }),
    },
  );
  return {
    running,
    certificate: running.served.certificate,
    managementToken: readFileSync(token, 'utf8').trim(),
    auditFile,
    storeFolder,
  };
}

export type Claimant = Enclave<(typeof claimant)['trusted']>;

export async function loadClaimant(signed: SignedImage, launcher: SoftwareLauncher): Promise<Claimant> {
  return loadEnclave({ ...signed, interface: claimant, untrusted: {}, launcher, isolation: 'best' });
}

/** A quote that binds data of the caller as Azure's clients do: its SHA-256, then zeros. */
export function quoteFor(enclave: Claimant, data: Uint8Array): Promise<Uint8Array> {
  const reportData = new Uint8Array(64);
  reportData.set(createHash('sha256').update(data).digest());
  return enclave.call.quote({ reportData });
}

/** An Open Enclave report around a quote: u32 version 1, u32 type 2, u64 size. */
export function openEnclaveReport(quote: Uint8Array): Uint8Array {
  const report = Buffer.alloc(16 + quote.length);
  report.writeUInt32LE(1, 0);
  report.writeUInt32LE(2, 4);
  report.writeBigUInt64LE(BigInt(quote.length), 8);
  report.set(quote, 16);
  return report;
}
