import { isEnclosError } from '@enclos/errors';
import { parseHclReport, tdReportData } from '../src/vtpm/hcl-report.ts';
import { parseRuntimeData } from '../src/vtpm/runtime-data.ts';
import { goodRuntime, makeHclReport, makeTdReport } from '../test/vtpm/synthetic-vtpm.ts';

const runtime = JSON.stringify(goodRuntime);
const hardware = makeTdReport('11'.repeat(64));

export const seeds: readonly Uint8Array[] = [
  makeHclReport(hardware, runtime, { reportType: 4 }),
  makeHclReport(hardware, runtime, { version: 1, padding: 4 }),
];

/** HCL reports, and what is in them. */
export function fuzz(data: Uint8Array): void {
  try {
    const { hardware: kind, hardwareReport, runtimeData } = parseHclReport(data);
    if (hardwareReport.length !== 1184) throw new RangeError('A hardware report of a wrong length.');
    if (kind === 'tdx') tdReportData(hardwareReport);
    parseRuntimeData(runtimeData);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
