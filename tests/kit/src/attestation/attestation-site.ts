import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDevelopmentConfiguration } from '@enclos/attestation-service';
import { toPem } from '@enclos/codec/pem';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { startPostgres, type PostgresServer } from '@enclos/testkit';
import { createPolicySigner, type PolicySigner } from './attestation-calls.ts';
import type { ReplicaSite } from './attestation-replica.ts';
import { noRates, signedService, type DevelopmentConfiguration } from './attestation-service.ts';
import type { Workshop } from '../workshop.ts';

/** Names of the tenants. Nobody resolves them: clients of tests connect to a port of their own choice. */
export const issuers: Readonly<Record<'plain' | 'isolated' | 'hardware', string>> = Object.freeze({
  /** Its policies are not signed. */
  plain: 'https://attest.localhost:8443',
  isolated: 'https://isolated.localhost:8443',
  /** Takes no software evidence. */
  hardware: 'https://hardware.localhost:8443',
});

/** A platform, a PostgreSQL and a configuration for replicas. */
export interface AttestationSite {
  readonly platform: EmbeddedPlatform;
  readonly postgres: PostgresServer;
  /** Of managers. */
  readonly token: string;
  /** Registered at the isolated tenant from the beginning. */
  readonly signer: PolicySigner;
  /** One for each set of replicas, with a database of its own. */
  replicas(options?: ReplicaSetOptions): Promise<ReplicaSite>;
  close(): Promise<void>;
}

export interface ReplicaSetOptions {
  /** Default: the service as it is. */
  readonly signed?: ReplicaSite['signed'];
  /** Members of the configuration in place of those of the site. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Members of each tenant. */
  readonly tenant?: (tenant: DevelopmentConfiguration['tenants'][0]) => object;
}

/** @param workshop of whose platforms one is started here. */
export async function createAttestationSite(workshop: Workshop): Promise<AttestationSite> {
  const platform = await workshop.startPlatform('attestation');
  const postgres = await startPostgres();
  const signed = await signedService(workshop);
  const signer = createPolicySigner('policies');
  const folder = workshop.subfolder('replicas');
  const [configuration, token] = [join(folder, 'development.json'), join(folder, 'token')];
  const endorsements = await platform.endorsements();
  await makeDevelopmentConfiguration({ configuration, token, issuer: issuers.plain, endorsements, now: new Date() });
  const [plain] = (JSON.parse(readFileSync(configuration, 'utf8')) as DevelopmentConfiguration).tenants;
  const isolated = { issuer: issuers.isolated, trustModel: 'isolated' };
  const policyCertificates = [toPem('CERTIFICATE', signer.certificate)];
  let sets = 0;
  return {
    platform,
    postgres,
    token: readFileSync(token, 'utf8').trim(),
    signer,
    async replicas({ signed: other = signed, configuration: changes = {}, tenant }: ReplicaSetOptions = {}) {
      const made = tenant?.(plain) ?? plain;
      const hardware = { ...made, issuer: issuers.hardware, softwareRoots: [] };
      const tenants = [made, { ...made, ...isolated, policyCertificates }, hardware];
      return {
        folder: workshop.subfolder(`replicas/${sets++}`),
        signed: other,
        platform: platform.socketPath,
        configuration: JSON.stringify({ tenants, replicas: { by: 'enclave' }, limits: noRates, ...changes }),
        store: await postgres.database(),
      };
    },
    close: () => postgres.remove(),
  };
}
