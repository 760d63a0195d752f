import { bytes, defineInterface, func } from '@enclos/edl';
import { protocolVersion } from './enclave-channel.ts';

/**
 * What anybody may ask a quote helper: to be told for whom a report has to be made, and to have it quoted. The caller
 * needs no identity, since the report has one: a quoting enclave quotes what the processor of its own machine made.
 */
export const quoteChannel = defineInterface({
  name: `quote_channel_${protocolVersion}`,
  trusted: {
    quotingTarget: func({}, bytes({ exactBytes: 512 })),
    quote: func({ report: bytes({ exactBytes: 432 }) }, bytes({ maxBytes: 65_536 })),
  },
  untrusted: {},
});
