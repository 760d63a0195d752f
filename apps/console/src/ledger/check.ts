import { isEnclosError } from '@enclos/errors';
import {
  keysOf,
  readLedgerCertificate,
  readReceipt,
  recoverLedgerSecrets,
  verifyLedger,
  verifyReceipt,
  verifySnapshot,
  type LedgerCertificate,
  type LedgerFile,
  type LedgerProgress,
  type LedgerReport,
  type ProofTools,
  type ProvenReceipt,
} from '@enclos/ledger/proof';
import { webDigests } from '@enclos/ledger/web';
import type { GivenFile } from './given.ts';

/** What the page found about one thing. */
export type Finding =
  | { readonly kind: 'ledger'; readonly report: LedgerReport; readonly keysGiven: boolean }
  | { readonly kind: 'receipt' | 'snapshot'; readonly name: string; readonly proven: ProvenReceipt }
  | { readonly kind: 'refused'; readonly name: string; readonly message: string; readonly next: string }
  | { readonly kind: 'waiting'; readonly message: string };

const tools: ProofTools = Object.freeze({ digests: webDigests, subtle: globalThis.crypto.subtle });
const needsService =
  'Add the certificate of the service that you trust (service_cert.pem): without it nothing is proved.';

/** Verifies what the page was given, all of it together. */
export async function checkGiven(
  given: readonly GivenFile[],
  onProgress: (progress: LedgerProgress) => void,
): Promise<readonly Finding[]> {
  const chunks = given.flatMap((one) => (one.kind === 'chunk' ? [one.file] : []));
  const singles = given.flatMap((one) =>
    one.kind === 'receipt' || (one.kind === 'snapshot' && chunks.length === 0) ? [one] : [],
  );
  const findings: Finding[] = [];
  await guarded('service_cert.pem', findings, async () => {
    const services = given.flatMap((one) => (one.kind === 'certificates' ? one.pems : [])).map(readLedgerCertificate);
    if (chunks.length > 0) {
      await guarded('the ledger', findings, async () => {
        findings.push(await checkLedger(chunks, given, services, onProgress));
      });
    }
    for (const { kind, name, bytes } of singles) {
      if (services.length === 0) findings.push({ kind: 'waiting', message: `${name}: ${needsService}` });
      else {
        await guarded(name, findings, async () => {
          const proven = await (kind === 'receipt'
            ? verifyReceipt(readReceipt(bytes), { services }, tools)
            : verifySnapshot(bytes, { services }, tools));
          findings.push({ kind, name, proven });
        });
      }
    }
  });
  return findings;
}

async function checkLedger(
  chunks: readonly LedgerFile[],
  given: readonly GivenFile[],
  services: readonly LedgerCertificate[],
  onProgress: (progress: LedgerProgress) => void,
): Promise<Finding> {
  const members = given.flatMap((one) => (one.kind === 'keys' ? one.pems : []));
  const keys = members.length === 0 ? undefined : keysOf(await recoverLedgerSecrets(chunks, { members }, webDigests));
  const snapshots = given.flatMap((one) => (one.kind === 'snapshot' ? [{ name: one.name, bytes: one.bytes }] : []));
  const report = await verifyLedger(
    chunks,
    { services, snapshots, part: true, onProgress, ...(keys === undefined ? {} : { keys }) },
    tools,
  );
  return { kind: 'ledger', report, keysGiven: keys !== undefined };
}

async function guarded(name: string, findings: Finding[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    findings.push({ kind: 'refused', name, message: error.message, next: error.next });
  }
}
