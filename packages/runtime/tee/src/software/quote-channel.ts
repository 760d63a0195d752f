import { bytes, defineInterface, func } from '@enclos/edl';
import { protocolVersion } from './enclave-channel.ts';

/**
 * What any caller may ask of a quote helper: the target for which to make a report, and a quote of that report. The caller
 * needs no identity, because the report has one: a quoting enclave quotes only reports from the processor of its own machine.
 */
export const quoteChannel = defineInterface({
  name: `quote_channel_${protocolVersion}`,
  trusted: {
    quotingTarget: func({}, bytes({ exactBytes: 512 })),
    quote: func({ report: bytes({ exactBytes: 432 }) }, bytes({ maxBytes: 65_536 })),
  },
  untrusted: {},
});
