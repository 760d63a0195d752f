import { defineInterface } from '@enclos/edl';

/** The boundary. Neither side calls the other: clients talk to the enclave, over TLS that ends inside. */
export const attestedTls = defineInterface({ name: 'attested_tls', trusted: {}, untrusted: {} });

/** What certificate and clients call the server. It is resolved nowhere: the evidence says whose the key is. */
export const serverName = 'attested-tls.enclave';

/** Of a question, in bytes: it fits into one record of TLS. */
export const maxQuestionBytes = 1024;
