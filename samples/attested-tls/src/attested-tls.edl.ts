import { defineInterface } from '@enclos/edl';

/** The boundary. Neither side calls the other: clients talk to the enclave, over TLS that ends inside. */
export const attestedTls = defineInterface({ name: 'attested_tls', trusted: {}, untrusted: {} });

/** The server's name in the certificate and for clients. It is never resolved: the evidence says whose key it is. */
export const serverName = 'attested-tls.enclave';

/** The longest question, in bytes. It fits into one TLS record. */
export const maxQuestionBytes = 1024;
