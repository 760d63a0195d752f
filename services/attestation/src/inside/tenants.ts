import { toBase64 } from '@enclos/codec';
import { fromPem } from '@enclos/codec/pem';
import { quoteReportData } from '@enclos/enclave';
import { tokenKeyExtensions } from '@enclos/atls/token-key';
import { type AppraiseCertificate, PeerDirectory } from '@enclos/service/peers';
import { TenantSecrets, type TenantSecretsOptions } from '../secrets/tenant-secrets.ts';
import { createRecordKey, openState, recordIssuer, signedProtection, type Protection } from '@enclos/service/state';
import { documentFormat } from '../document/document-codec.ts';
import { emptyDocument } from '../document/document.ts';
import { configurationDigest } from '../configuration/configuration-digest.ts';
import type { ServiceConfiguration, TenantConfiguration } from '../configuration/configuration.ts';
import type { Host, Tenant } from '../tenants/tenant.ts';
import type { RotatingTokenSigner } from '../tokens/signer.ts';
import { keyIdOf } from '../tokens/signing-key.ts';
import { createTokenSigner } from '../tokens/token-signer.ts';

export interface TenantContext {
  readonly host: Host;
  readonly configuration: ServiceConfiguration;
  readonly appraise: AppraiseCertificate;
  /** The key of this replica, for its life. */
  readonly replica: string;
  /** For a store that this replica has to itself; without it records are signed. */
  readonly sealed: Protection | undefined;
  readonly now: () => Date;
  readonly nowMs: () => number;
  /** Hears of rows of the store that belong to no replica. */
  readonly onRefused: (error: unknown) => void;
}

/** A tenant with what has to be done for it now and then. */
export interface ServedTenant extends Tenant {
  readonly signer: RotatingTokenSigner;
  /** Changes keys that are due, and tells the peers which ones there are. */
  tend(): Promise<void>;
}

/** Makes the first key of a tenant, and reads its state. */
export async function openTenant(configuration: TenantConfiguration, context: TenantContext): Promise<ServedTenant> {
  const { host, now, nowMs, replica, appraise, onRefused } = context;
  const { issuer } = configuration;
  const { keys } = context.configuration;
  const digest = configurationDigest(configuration, context.configuration);
  const directory = new PeerDirectory({
    store: host,
    issuer,
    configurationDigest: digest,
    replica,
    appraise,
    keyIdOf,
    now,
    onRefused: (_row, error) => onRefused(error),
  });
  const state = await openState({
    format: documentFormat,
    store: host,
    protection: context.sealed ?? (await signedBy(issuer, digest, context)),
    issuer,
    configurationDigest: digest,
    replica,
    initial: { ...emptyDocument, certificates: configuration.policyCertificates.map(certificateText) },
    floor: configuration.stateFloor,
    nowMs,
  });
  // So that a later version of the service, or of its platform, need not believe what the former one wrote.
  await state.renew();
  const signer = await createTokenSigner({
    issuer,
    ...configuration.tokens,
    keys,
    ...(keys.boundValidity === true ? { maximumValidityMinutes: configuration.tokens.validityMinutes } : {}),
    configurationDigest: digest,
    software: configuration.softwareRoots.length > 0,
    testSettings: context.configuration.allowTestSettings,
    quote: quoteReportData,
    peers: () => directory.peers(),
    now,
  });
  await directory.publish(signer.ownKeys());
  const secrets = secretsOf(context, { state, issuer, configurationDigest: digest });
  await secrets?.clean();
  return Object.freeze<ServedTenant>({
    configuration,
    configurationDigest: digest,
    state,
    signer,
    ...(secrets === undefined ? {} : { secrets }),
    async tend() {
      await signer.advance();
      await directory.publish(signer.ownKeys());
    },
  });
}

/** What only replicas of one machine could open is not kept for replicas of several. */
function secretsOf(
  { sealed, host, onRefused }: TenantContext,
  tenant: Pick<TenantSecretsOptions, 'configurationDigest' | 'issuer' | 'state'>,
): TenantSecrets | undefined {
  return sealed === undefined
    ? undefined
    : new TenantSecrets({ ...tenant, store: host, protection: sealed, onRefused });
}

/** The base64 of the DER in PEM, the form of certificates in a tenant's document. */
function certificateText(pem: string): string {
  return fromPem('CERTIFICATE', pem, pem.length).map(toBase64).join('');
}

/** A key for records that is born here, and evidence about it that every replica can appraise. */
async function signedBy(issuer: string, configuration: string, { appraise, now }: TenantContext): Promise<Protection> {
  const claims = { issuer: recordIssuer(issuer), configuration, issuedAtMs: now().getTime() };
  const key = await createRecordKey(documentFormat.service, (publicKey) =>
    tokenKeyExtensions(publicKey, claims, quoteReportData),
  );
  return signedProtection(documentFormat.service, key, appraise);
}
