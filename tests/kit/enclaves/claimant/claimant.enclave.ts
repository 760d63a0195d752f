import { defineEnclave, quoteReportData } from '@enclos/enclave';
import { claimant } from './claimant.edl.ts';

export const application = defineEnclave(claimant, {
  quote: ({ reportData }) => quoteReportData(reportData),
});
