import type { Duplex } from 'node:stream';
import { createDispatcher } from '@enclos/edl';
import type { Endpoint } from '@enclos/gate';
import { parseReport } from '@enclos/sgx';
import type { Attester } from './attester/attester.ts';
import { openChannel } from './software/channel.ts';
import { enclaveChannel } from './software/enclave-channel.ts';

/**
 * Serves the platform channel of an enclave from an attester of the same process, so that one bundle runs on every platform
 * with EREPORT: it sends its requests over a stream, as it does on the software platform.
 *
 * A quote covers the report data of the report that it is asked for. The report needs no check, because the other end of the
 * stream is the enclave itself, which could ask for the quote directly.
 * @param stream the platform's end; the enclave has the other.
 */
export function servePlatformChannel(stream: Duplex, attester: Attester): Endpoint {
  const serve = createDispatcher(enclaveChannel.trusted, {
    report: ({ targetInfo, reportData }) => attester.report(targetInfo, reportData),
    key: ({ request }) => attester.key(request),
    // The quote has no target: the platform below makes its own report.
    quotingTarget: () => new Uint8Array(512),
    quote: ({ report }) => attester.quote(parseReport(report).body.reportData),
  });
  return openChannel({
    stream,
    initiator: false,
    protocol: enclaveChannel,
    serve: (index, payload) => serve(index, payload, undefined),
  });
}
