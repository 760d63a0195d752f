import type { Attester } from '../attester/attester.ts';
import { kernelFiles, type KernelFiles } from '../devices/kernel-files.ts';
import { isPassing } from '../devices/pseudo-file.ts';
import { missingCapability } from '../missing-capability.ts';
import { requireReportData, unexpectedEvidence } from '../report-data.ts';
import { snpCapabilities, tdxCapabilities } from './capabilities.ts';
import { parseCertificateTable, type HostCertificate } from './certificate-table.ts';
import { requireReportOf, type TsmProvider } from './outblob.ts';
import { isRaced, withReportEntry, type ReportEntry } from './report-entry.ts';

export interface TsmAttesterOptions {
  /** Default: the files of this machine. */
  readonly files?: KernelFiles;
  /** The VMPL that an SNP report is about, 0 to 3. Default: the lowest that the kernel may ask for. */
  readonly privilegeLevel?: number;
  /** Ask the SVSM below this guest, whose report then covers its services. */
  readonly serviceProvider?: 'svsm';
  /** Between two attempts. */
  readonly delay?: (delayMs: number) => Promise<unknown>;
}

/** The evidence of a virtual machine. */
export interface TsmEvidence {
  readonly provider: TsmProvider;
  /** `sev_guest`: ATTESTATION_REPORT, 1184 bytes. `tdx_guest`: a quote of version 4 or 5. */
  readonly report: Uint8Array;
  /** The certificates that the host supplied. Empty when it supplied none, and with TDX, whose quote contains them. */
  readonly certificates: readonly HostCertificate[];
  /** The services of the SVSM, when it was asked. The report data is then SHA-512 of the requested report data and this. */
  readonly manifest: Uint8Array | undefined;
}

/** An attester with evidence that is more than one byte string. */
export interface TsmAttester extends Attester {
  /** @param reportData 64 bytes. */
  evidence(reportData: Uint8Array): Promise<TsmEvidence>;
}

const attempts = 4;
const firstDelayMs = 250;
const wait = (delayMs: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, delayMs));

const providers: Readonly<Record<string, TsmProvider>> = { sev_guest: 'sev_guest', tdx_guest: 'tdx_guest' };

/**
 * The inside of an SEV-SNP or TDX guest, over configfs-tsm (Linux 6.7 or later). The identity is that of the virtual
 * machine, so it covers everything that runs in it. What was booted decides what this process is.
 *
 * Written from the kernel's documents and source; not yet run on hardware.
 * @throws TEE_DEVICE_MISSING when this machine is not such a guest; TEE_CAPABILITY_MISSING for another provider.
 */
export async function createTsmAttester(options: TsmAttesterOptions = {}): Promise<TsmAttester> {
  const { files = kernelFiles, serviceProvider } = options;
  const provider = await withReportEntry(files, providerOf);
  const capabilities = provider === 'sev_guest' ? snpCapabilities : tdxCapabilities;
  const evidence = async (reportData: Uint8Array): Promise<TsmEvidence> => {
    requireReportData(reportData);
    return retried(options.delay ?? wait, () =>
      withReportEntry(files, (entry) => readEvidence(entry, { ...options, provider, reportData })),
    );
  };
  const lacksReports = 'A virtual machine makes no local reports (EREPORT): it holds no other enclaves.';
  return Object.freeze({
    capabilities,
    report: () => Promise.reject(missingCapability('tsm', lacksReports)),
    key: () => Promise.reject(missingCapability('tsm', lacksKeys[provider])),
    evidence,
    async quote(reportData: Uint8Array) {
      // Without the manifest a verifier could not compare the report data with anything.
      if (serviceProvider !== undefined) {
        throw missingCapability('tsm', 'The report of an SVSM means nothing without its manifest: ask for `evidence`.');
      }
      return (await evidence(reportData)).report;
    },
  });
}

const lacksKeys: Readonly<Record<TsmProvider, string>> = {
  sev_guest: 'The derived keys of SNP take an ioctl of /dev/sev-guest, which Node cannot make.',
  tdx_guest: 'TDX derives no keys.',
};

async function providerOf(entry: ReportEntry): Promise<TsmProvider> {
  const name = await entry.word('provider');
  const known = Object.hasOwn(providers, name) ? providers[name] : undefined;
  if (known !== undefined) return known;
  throw missingCapability('tsm', `The provider "${name}" of configfs-tsm is not one that this driver knows.`);
}

/** Retries, in a new entry, after a busy device or a write by another process. */
async function retried<T>(delay: (delayMs: number) => Promise<unknown>, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === attempts || !(isPassing(error) || isRaced(error))) throw error;
    }
    await delay(firstDelayMs * 2 ** (attempt - 1));
  }
}

interface Request extends TsmAttesterOptions {
  readonly provider: TsmProvider;
  readonly reportData: Uint8Array;
}

async function readEvidence(entry: ReportEntry, request: Request): Promise<TsmEvidence> {
  const { provider, reportData, serviceProvider } = request;
  await setPrivilegeLevel(entry, request);
  if (serviceProvider !== undefined) await setServiceProvider(entry, serviceProvider);
  await entry.set('inblob', reportData);
  // The first read makes the report; the generation shows that the others belong to the same report.
  const report = await entry.blob('outblob');
  const manifest = serviceProvider === undefined ? undefined : await entry.blob('manifestblob');
  const table = provider === 'sev_guest' && (await entry.exists('auxblob')) ? await entry.blob('auxblob') : undefined;
  if ((await providerOf(entry)) !== provider) {
    throw missingCapability('tsm', 'The provider of configfs-tsm changed after the attester was made.');
  }
  await entry.requireOwnGeneration();
  requireReportOf(provider, { report, manifest }, reportData);
  const certificates = parseCertificateTable(table ?? new Uint8Array());
  return Object.freeze({ provider, report, certificates, manifest });
}

async function setPrivilegeLevel(entry: ReportEntry, { privilegeLevel }: Request): Promise<void> {
  if (!(await entry.exists('privlevel'))) {
    if (privilegeLevel === undefined) return;
    throw missingCapability('tsm', 'This provider has no privilege levels.');
  }
  const floor = await floorOf(entry);
  const level = privilegeLevel ?? floor;
  // TSM_REPORT_PRIVLEVEL_MAX
  if (!Number.isInteger(level) || level < floor || level > 3) {
    throw missingCapability('tsm', `The kernel asks for reports of privilege levels ${floor} to 3 only.`);
  }
  await entry.set('privlevel', `${level}\n`);
}

async function floorOf(entry: ReportEntry): Promise<number> {
  const word = await entry.word('privlevel_floor');
  if (/^[0-3]$/.test(word)) return Number(word);
  throw unexpectedEvidence('The floor of the privilege levels is not a level.');
}

async function setServiceProvider(entry: ReportEntry, name: string): Promise<void> {
  if (!(await entry.exists('service_provider'))) {
    throw missingCapability('tsm', 'This kernel, or this provider, has no service providers (SVSM).');
  }
  await entry.set('service_provider', `${name}\n`);
}
