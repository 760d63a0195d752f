import { equalBytes, toHex } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { isEnclosError } from '@enclos/errors';
import { keySetDigest, parseKeySet, type HpkeEngine, type KemId, type PublishedKey } from '@enclos/hpke';
import { modelManifestDigest } from '@enclos/inference-models';
import { signatureKeyOfSpki, type SignatureKey } from '@enclos/jose';
import {
  inferenceReportData,
  readInferenceReport,
  replicaForm,
  replicaHeader,
  type ExpectedClaims,
  type InferenceReport,
} from '@enclos/receipts';
import type { ReportAppraiser } from './appraiser.ts';
import { keyChooser } from './key-chooser.ts';
import { readBody, refuseUnsealed, withinTime, type ServiceAddress } from './outer-http.ts';
import { notAttested } from './refusal.ts';

export interface AttestationOptions {
  readonly address: ServiceAddress;
  readonly engine: HpkeEngine;
  readonly appraise: ReportAppraiser;
  /** In the order of preference. */
  readonly kems: readonly KemId[];
  /** In hex: the only manifest of models that is accepted. */
  readonly expectedManifest: string | undefined;
  /** The least version of a catalogue that is accepted. */
  readonly minimumCatalogueVersion: number | undefined;
  readonly nowMs: () => number;
  readonly timeoutMs: number;
  readonly maximumAgeMs: number;
}

/** A service whose evidence was accepted. */
export interface AttestedService {
  readonly attestedAtMs: number;
  /** The key to seal to, at a time. @throws HPKE_KEY_STALE */
  key(nowMs: number): PublishedKey;
  /** Undefined for a service without receipts. */
  readonly receiptKey: SignatureKey | undefined;
  /** What each receipt of this enclave says. */
  readonly expectedClaims: ExpectedClaims & Required<Pick<ExpectedClaims, 'keySetDigest' | 'measurement' | 'tee'>>;
  /**
   * With each request: which of several replicas was attested, for whatever it arrives at. Only what the service says of itself: it is for
   * routing, and nothing is believed for it.
   */
  readonly routing: Readonly<Record<string, string>>;
}

const reportPath = '/v1/attestation/report';
/** The endorsements have the most of it. */
const maximumReportBytes = 2_097_152;

/**
 * Asks a service for its report with a fresh nonce, and verifies that its evidence vouches for the keys in it.
 *
 * @throws INFERENCE_NOT_ATTESTED, INFERENCE_SERVICE_UNREACHABLE, RECEIPT_REPORT_INVALID, and what the appraiser throws.
 */
async function attestService(
  options: AttestationOptions,
  routing: AttestedService['routing'],
): Promise<AttestedService> {
  const { engine, appraise, kems, nowMs } = options;
  const nonce = engine.randomBytes(32);
  const { report, replica } = await fetchReport(options, nonce, routing);
  if (report.nonce === undefined || !equalBytes(report.nonce, nonce)) {
    return notAttested('The report is not about the nonce of this client.');
  }
  const digest = await keySetDigest(engine, report.keySet);
  const reportData = await inferenceReportData(digest, nonce);
  const { kind, value } = report.evidence;
  const accepted = await appraise({ kind, evidence: value, endorsements: report.endorsements, reportData });
  // An appraiser that forgot the report data would accept the evidence of any keys.
  if (accepted.reportData !== toHex(reportData)) notAttested('The evidence does not vouch for the keys in the report.');
  const keySet = parseKeySet(report.keySet);
  await checkModels(report, toHex(keySet.modelManifestDigest), options);
  return Object.freeze<AttestedService>({
    attestedAtMs: nowMs(),
    key: keyChooser(keySet, kems),
    receiptKey: keySet.receiptKey.length === 0 ? undefined : signatureKeyOfSpki(keySet.receiptKey),
    expectedClaims: { tee: accepted.tee, measurement: accepted.measurement, keySetDigest: toHex(digest) },
    routing: Object.freeze(replica === undefined ? {} : { [replicaHeader]: replica }),
  });
}

/** The list of models is the one that the key set vouches for, and one that the client accepts. */
async function checkModels(
  report: InferenceReport,
  vouched: string,
  { expectedManifest, minimumCatalogueVersion }: AttestationOptions,
): Promise<void> {
  if ((await modelManifestDigest(report)) !== vouched) {
    notAttested('The report lists other models than its evidence vouches for.');
  }
  if (expectedManifest !== undefined && vouched !== expectedManifest) {
    notAttested('The enclave serves another manifest of models than the expected one.');
  }
  if (minimumCatalogueVersion !== undefined && (report.catalogueVersion ?? -1) < minimumCatalogueVersion) {
    notAttested('The enclave serves an older catalogue of models than is accepted.');
  }
}

interface FetchedReport {
  readonly report: InferenceReport;
  readonly replica: string | undefined;
}

async function fetchReport(
  { address, timeoutMs }: AttestationOptions,
  nonce: Uint8Array,
  headers: AttestedService['routing'],
): Promise<FetchedReport> {
  return withinTime(timeoutMs, async (signal) => {
    const response = await address.send(`${reportPath}?nonce=${toHex(nonce)}`, { method: 'GET', headers, signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      return refuseUnsealed(response);
    }
    const report = readInferenceReport(decodeUtf8(await readBody(response.body, maximumReportBytes)));
    const named = response.headers.get(replicaHeader) ?? '';
    return { report, replica: replicaForm.test(named) ? named : undefined };
  });
}

/** Keeps the service attested: again when its keys end or are stale, and after some time in any case. */
export class Attestations {
  readonly #options: AttestationOptions;
  #current: AttestedService | undefined;
  #pending: Promise<AttestedService> | undefined;

  constructor(options: AttestationOptions) {
    this.#options = options;
  }

  /** Fails closed: a service that cannot be attested again is not used by its former attestation. */
  async current(): Promise<AttestedService> {
    const known = this.#current;
    return known !== undefined && this.#isInTime(known) ? known : this.renew(known);
  }

  /** Attests the service again, unless another call has done so since `known`. */
  async renew(known: AttestedService | undefined): Promise<AttestedService> {
    if (this.#current !== undefined && this.#current !== known) return this.#current;
    this.#current = undefined;
    // The same replica, if it is still there: what a receipt of its newer keys is verified by.
    this.#pending ??= this.#attest(known?.routing ?? {});
    return this.#pending;
  }

  async #attest(routing: AttestedService['routing']): Promise<AttestedService> {
    try {
      this.#current = await attestService(this.#options, routing);
      return this.#current;
    } finally {
      this.#pending = undefined;
    }
  }

  #isInTime(service: AttestedService): boolean {
    const { nowMs, maximumAgeMs } = this.#options;
    const now = nowMs();
    // A clock that went back says nothing about the age.
    if (now < service.attestedAtMs || now - service.attestedAtMs >= maximumAgeMs) return false;
    try {
      return service.key(now) !== undefined;
    } catch (error) {
      if (!isEnclosError(error, 'HPKE_KEY_STALE')) throw error;
      return false;
    }
  }
}
