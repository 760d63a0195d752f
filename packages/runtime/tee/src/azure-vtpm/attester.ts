import { Turns } from '@enclos/bounded';
import { equalBytes } from '@enclos/codec';
import type { Attester } from '../attester/attester.ts';
import { missingCapability } from '../missing-capability.ts';
import { requireReportData, unexpectedEvidence } from '../report-data.ts';
import { tdQuoteReportData } from '../tsm/outblob.ts';
import { azureSnpCapabilities, azureTdxCapabilities } from './capabilities.ts';
import { runCommand, type RunCommand } from './command.ts';
import { encodeAzureEvidence, type AzureEvidence } from './evidence.ts';
import { parseHclReport, type HclReport } from './hcl-report.ts';
import { fetchAmdCertificates, fetchTdQuote, type Fetch, type MetadataOptions } from './instance-metadata.ts';
import { createTpm } from './tpm.ts';

export interface AzureVtpmAttesterOptions {
  /** How tpm2-tools reach the TPM. Default `device:/dev/tpmrm0`. */
  readonly tcti?: string;
  readonly run?: RunCommand;
  /** Sends requests to the metadata service of the machine. */
  readonly fetch?: Fetch;
  /** Between two attempts at the metadata service. */
  readonly delay?: (delayMs: number) => Promise<unknown>;
}

/** An attester whose evidence is a hardware report and a quote of the TPM that it vouches for. */
export interface AzureVtpmAttester extends Attester {
  /** @param reportData 64 bytes. */
  evidence(reportData: Uint8Array): Promise<AzureEvidence>;
}

const wait = (delayMs: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, delayMs));

/**
 * The inside of an Azure confidential VM. The guest cannot ask the processor: the paravisor below it asked once, at boot, and
 * bound the TPM's keys. So report data goes into a quote of the TPM, and the evidence attests the virtual machine with the
 * measurements of its firmware in the PCRs.
 *
 * Needs tpm2-tools 5 and rights on the TPM. Written from documents and captured data; not yet run on hardware.
 * @throws TEE_DEVICE_MISSING when the tools are missing; TEE_EVIDENCE_UNEXPECTED when the TPM holds no HCL report.
 */
export async function createAzureVtpmAttester(options: AzureVtpmAttesterOptions = {}): Promise<AzureVtpmAttester> {
  const tpm = createTpm(options.run ?? runCommand, options.tcti ?? 'device:/dev/tpmrm0');
  const metadata: MetadataOptions = { fetch: options.fetch ?? globalThis.fetch, delay: options.delay ?? wait };
  // A TPM has one conversation at a time.
  const turns = new Turns();
  const { hardware } = parseHclReport(await tpm.readReport());
  const capabilities = hardware === 'snp' ? azureSnpCapabilities : azureTdxCapabilities;

  const evidence = async (reportData: Uint8Array): Promise<AzureEvidence> => {
    requireReportData(reportData);
    const { hclReportBytes, tpmQuote } = await turns.take(async () => ({
      hclReportBytes: await tpm.readReport(),
      tpmQuote: await tpm.quote(reportData),
    }));
    const hclReport = parseHclReport(hclReportBytes);
    if (hclReport.hardware !== hardware) throw unexpectedEvidence('The hardware changed after the attester was made.');
    const endorsed =
      hardware === 'snp'
        ? { certificates: await fetchAmdCertificates(metadata), tdQuote: undefined }
        : { certificates: undefined, tdQuote: await quoteOf(metadata, hclReport) };
    return Object.freeze({ hclReportBytes, hclReport, tpmQuote, ...endorsed });
  };

  const lacksReports = 'A virtual machine makes no local reports (EREPORT).';
  const lacksKeys = 'The keys of the TPM are sealed to its registers, not derived on request as EGETKEY does.';
  return Object.freeze({
    capabilities,
    report: () => Promise.reject(missingCapability('azure-vtpm', lacksReports)),
    key: () => Promise.reject(missingCapability('azure-vtpm', lacksKeys)),
    evidence,
    quote: async (reportData: Uint8Array) => encodeAzureEvidence(await evidence(reportData)),
  });
}

/** TDREPORT: REPORTMACSTRUCT.REPORTDATA (Intel TDX Module, TDREPORT_STRUCT). */
const tdReportDataAt = 128;

async function quoteOf(metadata: MetadataOptions, { hardwareReport }: HclReport): Promise<Uint8Array> {
  const quote = await fetchTdQuote(metadata, hardwareReport);
  const asked = hardwareReport.subarray(tdReportDataAt, tdReportDataAt + 64);
  if (equalBytes(tdQuoteReportData(quote), asked)) return quote;
  throw unexpectedEvidence('The TD quote of the metadata service is about another report.');
}
