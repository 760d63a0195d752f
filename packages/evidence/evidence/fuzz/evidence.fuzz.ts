import {
  attestedCertificate,
  attestedServerKey,
  azureSnpScenario,
  azureTdxScenario,
  certificateTable,
  oldAzureDocument,
  openEnclaveReport,
  pem,
  publicKeyInfo,
  scenario,
  snpReportJson,
  snpScenario,
  taggedClaims,
  taggedEvidence as encodeTagged,
} from '@enclos/evidence-kit';
import { concatBytes, derOctetString, fromHex, utf8 } from '@enclos/codec';
import { taggedEvidence } from '../src/recognise/attested-certificate.ts';
import { describeCertificate } from '../src/recognise/certificate.ts';
import { readCwt } from '../src/recognise/tokens/cwt.ts';
import { certificatesIn, piecesIn } from '../src/recognise/finding.ts';
import { recognise } from '../src/recognise.ts';
import { explain } from '../src/explain.ts';
import { isEnclosError } from '@enclos/errors';
import { sha256 } from '../test/sha256.ts';

const claims = taggedClaims(publicKeyInfo(attestedServerKey()));
const { quote } = scenario({ report: { reportData: concatBytes(sha256(claims), new Uint8Array(32)) } });
const tdx = scenario({ kind: 'tdx-v5-td15ex' }).quote;
const certificate = attestedCertificate({ id: '2.23.133.5.4.9', value: encodeTagged(quote, claims) });
const turin = snpScenario({ product: 'Turin', rsaBits: 2048 });
const azure = azureSnpScenario({ snp: { rsaBits: 2048 } });
const token = [{ alg: 'none' }, { iss: 'i', 'x-ms-ver': '1.0', exp: 1e300 }]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

/** A COSE_Sign1 with an EAR about one part: its status, and one aspect. */
const cwt = fromHex('d28443a10126a052a119010aa16161a21903e8021903e9a100024100');

export const seeds: readonly Uint8Array[] = [
  cwt,
  quote,
  tdx,
  certificate,
  turin.report,
  concatBytes(turin.report, certificateTable([{ guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: turin.leaf }])),
  utf8(JSON.stringify({ attestation_report: snpReportJson(turin.report) })),
  oldAzureDocument(azure, { vcek: azure.snp.leaf }),
  attestedCertificate({ id: '1.2.840.113556.10.1.1', value: derOctetString(quote) }),
  utf8(JSON.stringify(Buffer.from(quote).toString('base64'))),
  azure.document,
  utf8(`{"evidence":${new TextDecoder().decode(azureTdxScenario().document)}}`),
  azureTdxScenario().hclReport,
  openEnclaveReport(quote),
  claims,
  utf8(pem(certificate)),
  utf8(Buffer.from(quote).toString('hex')),
  utf8(JSON.stringify({ quote: Buffer.from(tdx).toString('base64'), list: [...quote.subarray(0, 128)] })),
  utf8(`${token}.`),
];

/** The input of `enclos verify` and `enclos explain`: always an answer, never more than the input had. */
export function fuzz(data: Uint8Array): void {
  const found = recognise(data);
  for (const { evidence } of piecesIn(found)) {
    // A number in a document may be written longer than it was: 1e20.
    const limit = evidence.form === 'azure-evidence' ? 8 * data.length : data.length;
    if (evidence.bytes.length > limit) throw new Error('Evidence is larger than what it was found in.');
  }
  certificatesIn(found);
  const { title, nodes } = explain(data, { sha256 });
  if (title === '' || JSON.stringify(nodes).length > 64 * data.length + 100_000) throw new Error('Not an explanation.');
  readCwt(data);
  for (const read of [taggedEvidence, describeCertificate]) {
    try {
      read(data);
    } catch (error) {
      if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    }
  }
}
