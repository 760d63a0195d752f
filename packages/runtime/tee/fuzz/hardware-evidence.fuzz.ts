import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { certificateTable } from '@enclos/evidence-kit';
import { parseHclReport } from '../src/azure-vtpm/index.ts';
import { parseTpmQuote } from '../src/azure-vtpm/tpm-quote.ts';
import { attributeWord } from '../src/devices/pseudo-file.ts';
import { parseGateTicket } from '../src/gramine/gate-ticket.ts';
import { parseCertificateTable } from '../src/tsm/index.ts';
import { reportDataOf } from '../src/tsm/outblob.ts';
import { hclReport, tpmsAttest } from '../test/azure-vtpm/fake-tpm.ts';
import { snpReport, tdQuote } from '../test/tsm/fake-tsm.ts';

const reportData = new Uint8Array(64).fill(7);

export const seeds: readonly Uint8Array[] = [
  certificateTable([{ guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: new Uint8Array(40) }]),
  snpReport(reportData),
  tdQuote(reportData),
  tdQuote(reportData, 5),
  hclReport(),
  hclReport({ hardware: 'tdx' }),
  tpmsAttest(reportData),
  utf8('sev_guest\n'),
  utf8(`enclos-gate-1 4711 ${'ab'.repeat(32)}\n`),
];

const parsers: readonly ((data: Uint8Array) => unknown)[] = [
  parseCertificateTable,
  (data) => reportDataOf('sev_guest', data),
  (data) => reportDataOf('tdx_guest', data),
  parseHclReport,
  parseTpmQuote,
  attributeWord,
  parseGateTicket,
];

/** What hardware, hypervisor and host give to the drivers. */
export function fuzz(data: Uint8Array): void {
  for (const parse of parsers) {
    try {
      parse(data);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}
