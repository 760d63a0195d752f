import { createHash } from 'node:crypto';
import { splitSignedBody, type QuoteCollateral } from '@enclos/attestation';
import { toBase64url, toHex, utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { scenario, type Scenario, type ScenarioChanges, type SnpScenario } from '@enclos/evidence-kit';
import { vectors } from '@enclos/testkit';
import { attest } from '../../src/attest/attest.ts';
import type { AttestRequest, BoundData } from '../../src/attest/attest-request.ts';
import { createAttestContext, type AttestContext, type VerifierParts } from '../../src/attest/context.ts';
import { DraftLine } from '../../src/attest/draft-line.ts';
import type { EndorsementRequest, EndorsementSource } from '../../src/attest/endorsement-request.ts';
import { isRefusal } from '@enclos/service/refusal';
import { toldOf } from '../errors.ts';
import { unsignedPolicyJws } from '../../src/policies/stored-policy.ts';
import type { StateSnapshot, TenantDocument } from '../../src/document/document.ts';
import type { TenantConfiguration } from '../../src/configuration/configuration.ts';
import type { PublishedKey } from '@enclos/service/peers';
import { createTokenSigner } from '../../src/tokens/token-signer.ts';
import { issuer, signerOptions, verified } from '../tokens/signing.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface SiteChanges {
  readonly configuration?: Partial<TenantConfiguration>;
  /** Texts of policies that were set. */
  readonly policies?: Partial<Record<'SgxEnclave' | 'OpenEnclave' | 'SevSnpVm' | 'TdxVm', string>>;
  /** JWS of policies, as they are stored. */
  readonly stored?: TenantDocument['policies'];
  readonly endorsements?: EndorsementSource;
  readonly at?: Date;
  readonly allowTestSettings?: boolean;
  readonly verifier?: VerifierParts;
}

/** A tenant at work, with a signer of its own. */
export interface Site {
  readonly context: AttestContext;
  readonly keys: readonly PublishedKey[];
  /** What the host was asked for. */
  readonly asked: EndorsementRequest[];
  readonly clock: { ms: number };
  /** How often the clock was looked at to take turns: each evaluation does so before it begins. */
  readonly evaluation: { looks: number };
}

const document = (policies: TenantDocument['policies'] = {}): TenantDocument => ({
  policies,
  certificates: [],
  secrets: [],
});

export async function site(changes: SiteChanges = {}): Promise<Site> {
  const { at = new Date('2026-01-15T00:00:00Z'), policies = {}, stored = {}, allowTestSettings = false } = changes;
  const clock = { ms: at.getTime() };
  const configuration: TenantConfiguration = {
    issuer,
    trustModel: 'aad',
    defaultPolicies: 'azure',
    policyCertificates: [],
    softwareRoots: [],
    baseline: {},
    management: {},
    attest: 'open',
    explainRefusals: true,
    tokens: { algorithm: 'ES256', validityMinutes: 480 },
    ...changes.configuration,
  };
  const signer = await createTokenSigner(
    signerOptions(clock, { software: configuration.softwareRoots.length > 0, testSettings: allowTestSettings }),
  );
  const set = Object.fromEntries(Object.entries(policies).map(([type, text]) => [type, unsignedPolicyJws(text)]));
  const snapshot: StateSnapshot = { epoch: 3, digest: 'STdigest', document: document({ ...set, ...stored }) };
  const asked: EndorsementRequest[] = [];
  const evaluation = { looks: 0 };
  const { endorsements = () => Promise.resolve(undefined) } = changes;
  const context = createAttestContext(
    {
      tenant: {
        configuration,
        configurationDigest: 'CFdigest',
        state: { read: () => Promise.resolve(snapshot), update: () => Promise.resolve(snapshot) },
        signer,
      },
      endorsements: (request) => {
        asked.push(request);
        return endorsements(request);
      },
      now: () => new Date(clock.ms),
      turns: { elapsed: () => ++evaluation.looks, pause: () => Promise.resolve(), sliceMs: 1 },
      drafts: new DraftLine(),
      allowTestSettings,
    },
    changes.verifier,
  );
  return { context, keys: await signer.publishedKeys(), asked, clock, evaluation };
}

/** The claims of the token, verified with jose by the published keys alone. */
export async function claimsOf(request: AttestRequest, { context, keys, clock }: Site): Promise<Claims> {
  const { token } = await attest(request, context);
  return verified(token, keys, { atMs: clock.ms });
}

/** Code and rule of the refusal. */
export async function refusalOf(request: AttestRequest, { context }: Site): Promise<string> {
  try {
    await attest(request, context);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { status, code, details } = toldOf(error);
    return `${status} ${code} ${String(details?.['rule'])}`;
  }
  return 'it was not refused';
}

export const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

export function collateralSource(collateral: unknown): EndorsementSource {
  return () => Promise.resolve(json(collateral));
}

/** A software platform with the evidence of one enclave, and a tenant that lists its root. */
export interface SoftwareSite extends Site {
  readonly platform: Scenario;
  readonly request: AttestRequest;
}

/** As `boundReportData` of SGX programs that Azure knows: the hash of the data, then zeros. */
export function hashOf(data: Uint8Array, sizeBytes = 64): Uint8Array {
  const field = new Uint8Array(sizeBytes);
  field.set(createHash('sha256').update(data).digest());
  return field;
}

export async function softwareSite(platform: ScenarioChanges = {}, changes: SiteChanges = {}): Promise<SoftwareSite> {
  const made = scenario(platform);
  const configuration = { softwareRoots: [made.root.certificate], ...changes.configuration };
  const where = await site({
    endorsements: collateralSource(made.collateral),
    at: made.at,
    ...changes,
    configuration,
  });
  const type = made.kind.startsWith('tdx') ? 'TdxVm' : 'SgxEnclave';
  return { ...where, platform: made, request: { type, evidence: made.quote } };
}

/** A processor of AMD's from the kit, with a tenant that trusts it. */
export function snpVerifier(made: SnpScenario): VerifierParts {
  const publicKey = made.rootPublicKey;
  const fingerprint = createHash('sha256').update(Buffer.from(publicKey, 'hex')).digest('hex');
  return { amdRoots: [{ product: made.product, publicKey, fingerprint }] };
}

export function snpDocument(report: Uint8Array, chain?: string): Uint8Array {
  return json({
    SnpReport: toBase64url(report),
    ...(chain === undefined ? {} : { VcekCertChain: toBase64url(utf8(chain)) }),
  });
}

export function pemOf(...certificates: readonly Uint8Array[]): string {
  return certificates.map((der) => toPem('CERTIFICATE', der)).join('');
}

export const binary = (data: Uint8Array): BoundData => ({ data, type: 'Binary' });
export const asJson = (data: Uint8Array): BoundData => ({ data, type: 'JSON' });

const textOf = (path: string): string => new TextDecoder().decode(vectors.read(path));

export function azureSdk(name: string): Uint8Array {
  return new Uint8Array(Buffer.from(textOf(`maa/azure-sdk/${name}.b64url.txt`).trim(), 'base64url'));
}

/** The collateral that the vectors have for the quotes of Azure's SDKs: of 2025-06-11, evaluation 17. */
export function azureSdkCollateral(quote: Uint8Array): QuoteCollateral {
  const pem = (path: string): string => toPem('CERTIFICATE', vectors.read(path));
  const root = pem('dcap/certs/intel-sgx-root-ca.der');
  const signer = pem('dcap/certs/tcb-signing-c0575e76d030.der') + root;
  const tcbInfo = splitSignedBody(textOf('dcap/tcbinfo/f3c6070cb9bd.json'), 'tcbInfo');
  const qeIdentity = splitSignedBody(textOf('dcap/qeidentity/319548a29c83.json'), 'enclaveIdentity');
  const chain =
    Buffer.from(quote)
      .toString('latin1')
      .match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----\n?/g) ?? [];
  return {
    pck_crl_issuer_chain: (chain[1] ?? '') + root,
    root_ca_crl: toHex(vectors.read('dcap/crl/ad6f3f4e0673.der')),
    pck_crl: toHex(vectors.read('dcap/crl/44f02b178948.der')),
    tcb_info_issuer_chain: signer,
    tcb_info: tcbInfo.body,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: signer,
    qe_identity: qeIdentity.body,
    qe_identity_signature: qeIdentity.signature,
  };
}

export const azureSdkTime = new Date('2025-06-11T19:08:46Z');
