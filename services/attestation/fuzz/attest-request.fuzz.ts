import { toBase64url } from '@enclos/codec';
import { endorsementFacts } from '@enclos/endorsements';
import { isEnclosError } from '@enclos/errors';
import { openEnclaveReport, scenario, snpScenario } from '@enclos/evidence-kit';
import { checkBoundData } from '../src/attest/bound-data.ts';
import { sha256 } from '../src/attest/sha256.ts';
import { readEvidence } from '../src/attest/evidence.ts';

const { quote } = scenario();
const { report } = snpScenario({ rsaBits: 2048 });
const document = new TextEncoder().encode(JSON.stringify({ SnpReport: toBase64url(report) }));

export const seeds: readonly Uint8Array[] = [
  quote,
  scenario({ kind: 'tdx-v4' }).quote,
  openEnclaveReport(quote),
  document,
  new TextEncoder().encode('{"keys":[{"kty":"EC","x":1.5}]}\0'),
];

/** What a caller sends: evidence of each type, and data that it should bind; read, or refused with the one code. */
export function fuzz(data: Uint8Array): void {
  for (const type of ['SgxEnclave', 'OpenEnclave', 'SevSnpVm', 'TdxVm'] as const) {
    swallow(() => {
      const read = readEvidence({ type, evidence: data });
      endorsementFacts(read.kind === 'report' ? read.report : read.quote);
    });
  }
  swallow(() => {
    checkBoundData({ data, type: 'JSON' }, { name: 'runtimeData', field: 'reportData', value: sha256(data) });
  });
}

function swallow(read: () => void): void {
  try {
    read();
  } catch (error) {
    const isRefused =
      isEnclosError(error, 'SERVICE_REQUEST_INVALID') || isEnclosError(error, 'ATTESTATION_EVIDENCE_REFUSED');
    if (!isRefused && !isEnclosError(error, 'ENDORSEMENTS_EVIDENCE_UNREADABLE')) throw error;
  }
}
