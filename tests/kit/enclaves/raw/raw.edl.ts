import { defineInterface } from '@enclos/edl';
import { enclaveChannel } from '@enclos/tee';

/** Hands the whole platform channel of an enclave to its host: what a hostile enclave could ask for. */
export const raw = defineInterface({ name: 'raw', trusted: enclaveChannel.trusted, untrusted: {} });
