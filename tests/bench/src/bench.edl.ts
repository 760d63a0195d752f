import { bytes, defineInterface, func, nothing, uint32 } from '@enclos/edl';

const small = bytes({ maxBytes: 64 });
/** The largest argument that is measured. */
export const maxBulkBytes = 64 * 1024 * 1024;
const bulk = bytes({ maxBytes: maxBulkBytes });

export const bench = defineInterface({
  name: 'bench',
  trusted: {
    echo: func({ data: small }, small),
    /** Seals and unseals `rounds` times, inside. */
    sealing: func({ rounds: uint32(), sizeBytes: uint32() }, nothing()),
    evidence: func({ nonce: bytes({ exactBytes: 32 }) }, bytes({ maxBytes: 65_536 })),
    quoteReportData: func({ reportData: bytes({ exactBytes: 64 }) }, bytes({ maxBytes: 65_536 })),
    /** Takes a large argument, and says how large. */
    take: func({ data: bulk }, uint32()),
    /** Gives the host a large argument. */
    give: func({ sizeBytes: uint32() }, uint32()),
  },
  untrusted: { keep: func({ data: bulk }, uint32()) },
});
