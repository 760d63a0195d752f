import { createHash } from 'node:crypto';
import { toBase64url, toHex, utf8 } from '@enclos/codec';
import { rsaKey, type RsaKeyPair } from '../pki/keys.ts';
import { place } from '../quote/bytes.ts';
import { same } from '../scenario/changes.ts';
import { scenario, type Scenario } from '../scenario/scenario.ts';
import { snpScenario, type SnpScenario, type SnpScenarioChanges } from '../snp/snp-scenario.ts';
import { encodeHclReport, encodeTdReportArea, type HclReportFields } from './hcl-report.ts';
import { encodeTpmAttest, examplePcrs, signTpmAttest, type TpmAttestFields } from './tpm-quote.ts';

/** The JSON that the hardware of an Azure VM vouches for. */
export interface AzureRuntimeJson {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
  readonly 'vm-configuration': Readonly<Record<string, unknown>> & { readonly vmUniqueId: string };
  readonly 'user-data': string;
}

/** What attesters of Azure's VMs write, version 1. */
export interface AzureDocumentJson {
  readonly version: number;
  readonly tpm_quote: { readonly signature: string; readonly message: string; readonly pcrs: readonly string[] };
  readonly hcl_report: string;
  readonly vcek?: string;
  readonly td_quote?: string;
}

/** How the evidence of an Azure VM differs from good one. */
export interface AzureScenarioChanges {
  /** What the TPM quote is made for: `exampleAzureNonce` unless given. */
  readonly nonce?: Uint8Array;
  readonly runtime?: (good: AzureRuntimeJson) => unknown;
  /** The text of the runtime data, after the hardware vouched for it. */
  readonly runtimeText?: (good: string) => string;
  readonly hcl?: Partial<HclReportFields>;
  readonly attest?: Partial<TpmAttestFields>;
  /** The key that signs the TPM quote. Default: the attestation key. */
  readonly quoteKey?: RsaKeyPair;
  /** What stands beside the quote as the values of the PCRs. */
  readonly pcrs?: (good: readonly Uint8Array[]) => readonly Uint8Array[];
  /** With SEV-SNP. Its report data are the runtime's. */
  readonly snp?: SnpScenarioChanges;
  readonly document?: (good: AzureDocumentJson) => unknown;
}

interface AzureParts {
  readonly hclReport: Uint8Array;
  readonly tpmQuote: {
    readonly message: Uint8Array;
    readonly signature: Uint8Array;
    readonly pcrs: readonly Uint8Array[];
  };
  /** All of it as one JSON document. */
  readonly document: Uint8Array;
  readonly nonce: Uint8Array;
}

export const exampleAzureNonce: Uint8Array = utf8('a nonce of the relying party');

/** The key that signs the TPM quotes of all scenarios, and its like that signs none. */
export const azureAttestationKey = (): RsaKeyPair => rsaKey('azure attestation key', 2048);
export const otherAzureKey = (): RsaKeyPair => rsaKey('another attestation key', 2048);

/** A key as the runtime data have it (RFC 7517). */
export function azureJwk({ privateKey }: RsaKeyPair, change: Readonly<Record<string, unknown>> = {}): object {
  const { n, e } = privateKey.export({ format: 'jwk' });
  return { kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e, n, ...change };
}

/** Good runtime data. */
export function exampleAzureRuntime(): AzureRuntimeJson {
  return {
    keys: [
      { ...azureJwk(azureAttestationKey()) },
      { ...azureJwk(rsaKey('azure endorsement key', 2048), { kid: 'HCLEkPub', key_ops: ['encrypt'] }) },
    ],
    'vm-configuration': {
      'console-enabled': false,
      'secure-boot': true,
      'tpm-enabled': true,
      'tpm-persisted': false,
      'root-cert-thumbprint': 'thumb',
      vmUniqueId: '6332533D-5649-4D02-8AA7-8F64B7C3EE21',
    },
    'user-data': '0f'.repeat(64),
  };
}

/** The report data of hardware that vouches for a text: its SHA-256, then zeros. */
export function azureReportData(text: string): Uint8Array {
  return place(64, [[0, new Uint8Array(createHash('sha256').update(text).digest())]]);
}

/** The evidence of an Azure VM on SEV-SNP: genuine in everything but the changes. Node only. */
export function azureSnpScenario(changes: AzureScenarioChanges = {}): AzureParts & { readonly snp: SnpScenario } {
  const text = runtimeTextOf(changes);
  const report = { reportData: azureReportData(text), ...changes.snp?.report };
  const snp = snpScenario({ ...changes.snp, report });
  return { ...partsOf({ changes, text, hardwareReport: snp.report, beside: { vcek: padded(snp.leaf) } }), snp };
}

/** The same of one on TDX, whose TD quote lies in a larger buffer, as Azure hands it out. */
export function azureTdxScenario(changes: AzureScenarioChanges = {}): AzureParts & { readonly tdx: Scenario } {
  const text = runtimeTextOf(changes);
  const reportData = azureReportData(text);
  const tdx = scenario({ kind: 'tdx-v4', td: { reportData } });
  const beside = { td_quote: padded(place(tdx.quote.length + 69, [[0, tdx.quote]])) };
  const typed = { ...changes, hcl: { reportType: 4, ...changes.hcl } };
  return { ...partsOf({ changes: typed, text, hardwareReport: encodeTdReportArea(reportData), beside }), tdx };
}

function runtimeTextOf({ runtime }: AzureScenarioChanges): string {
  return JSON.stringify((runtime ?? same)(exampleAzureRuntime()));
}

function partsOf({
  changes,
  text,
  hardwareReport,
  beside,
}: {
  readonly changes: AzureScenarioChanges;
  readonly text: string;
  readonly hardwareReport: Uint8Array;
  readonly beside: Partial<AzureDocumentJson>;
}): AzureParts {
  const { nonce = exampleAzureNonce } = changes;
  const hclReport = encodeHclReport(hardwareReport, (changes.runtimeText ?? same)(text), changes.hcl);
  const message = encodeTpmAttest({ extraData: nonce, ...changes.attest });
  const signature = signTpmAttest(message, changes.quoteKey ?? azureAttestationKey());
  const pcrs = (changes.pcrs ?? same)(examplePcrs);
  const document: AzureDocumentJson = {
    version: 1,
    tpm_quote: { signature: toHex(signature), message: toHex(message), pcrs: pcrs.map((value) => toHex(value)) },
    hcl_report: padded(hclReport),
    ...beside,
  };
  const written = changes.document === undefined ? document : changes.document(document);
  return { hclReport, tpmQuote: { message, signature, pcrs }, document: utf8(JSON.stringify(written)), nonce };
}

/** base64url with padding. */
function padded(bytes: Uint8Array): string {
  const text = toBase64url(bytes);
  return text.padEnd(4 * Math.ceil(text.length / 4), '=');
}
