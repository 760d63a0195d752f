import './platform-errors.ts';
import { createCaller } from '@enclos/edl';
import { openChannel } from './channel.ts';
import { connected, connectFrugally } from './connect.ts';
import { quoteChannel } from './quote-channel.ts';

/** A connection to the quote helper of a node. */
export interface QuoteHelper {
  /** TARGETINFO of the quoting enclave, for `createReport` of an enclave. 512 bytes. */
  targetInfo(): Promise<Uint8Array>;
  /**
   * @param report REPORT for that target, of an enclave on the same machine. 432 bytes.
   * @returns a quote.
   * @throws QUOTE_REPORT_REFUSED when the report is not such a report.
   */
  quote(report: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

/**
 * Connects to a quote helper, which gives quotes to a program that has a report of its enclave, as Intel's `aesmd` does.
 * @throws TEE_PLATFORM_UNREACHABLE when nothing answers there.
 */
export async function connectQuoteHelper(socketPath: string): Promise<QuoteHelper> {
  const stream = await connected(connectFrugally(socketPath), socketPath);
  const serve = (): Promise<Uint8Array> => Promise.reject(new TypeError('A quote helper asks for nothing.'));
  const endpoint = openChannel({ stream, initiator: true, protocol: quoteChannel, serve });
  await endpoint.ready;
  const helper = createCaller(quoteChannel.trusted, (call) =>
    endpoint.invoke(0, call.index, call.payload, { ...call.options, maxResultBytes: call.maxResultBytes }),
  );
  return Object.freeze({
    targetInfo: () => helper.quotingTarget(),
    quote: (report: Uint8Array) => helper.quote({ report }),
    close: () => void endpoint.close(),
  });
}
