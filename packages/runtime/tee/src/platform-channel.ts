import type { Duplex } from 'node:stream';
import { createDispatcher } from '@enclos/edl';
import type { Endpoint } from '@enclos/gate';
import { parseReport } from '@enclos/sgx';
import type { Attester } from './attester/attester.ts';
import { openChannel } from './software/channel.ts';
import { enclaveChannel } from './software/enclave-channel.ts';

/**
 * Serves the platform channel of an enclave from an attester of the same process, so that one bundle runs on each
 * platform with EREPORT: the bundle asks over a stream, as it asks the software platform.
 *
 * A quote is over the report data of the report that comes. Whoever holds the other end of the stream is the enclave
 * itself, so the report needs no check: it could ask for the quote by itself.
 * @param stream the platform's end; the enclave has the other.
 */
export function servePlatformChannel(stream: Duplex, attester: Attester): Endpoint {
  const serve = createDispatcher(enclaveChannel.trusted, {
    report: ({ targetInfo, reportData }) => attester.report(targetInfo, reportData),
    key: ({ request }) => attester.key(request),
    // Nobody is quoted to: the platform below makes its own report.
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
