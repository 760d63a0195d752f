import './errors.ts';

/** A client of confidential inference. Runs in Node and in browsers. */
export {
  quoteReportAppraiser,
  type AcceptedReport,
  type PresentedReport,
  type QuoteReportAppraiserOptions,
  type ReportAppraiser,
} from './appraiser.ts';
export {
  createInferenceClient,
  type AttestedIdentity,
  type InferCall,
  type InferenceClient,
  type InferenceClientOptions,
  type TransportName,
} from './client.ts';
export { contentOfAnswer } from './content.ts';
export type { OuterFetch } from './outer-http.ts';
export type { AnswerReceipt } from './receipt-check.ts';
export type { ExpectedModels } from './request.ts';
