/** Whose compiler would accept the file: oeedger8r of Open Enclave, or sgx_edger8r of Intel's SGX SDK. */
export type Dialect = 'oe' | 'intel';

/** One dialect, or every file that at least one of them accepts. */
export type DialectChoice = Dialect | 'both';
