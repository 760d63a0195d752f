/** What to write in place of something that an enclave does not have, where several rules say the same. */
export const environment =
  'environmentVariable() of @enclos/enclave, with the variable declared in `env` of enclave.json';
export const threads = 'several calls at once: raise `threads` in enclave.json';
export const untrusted = 'an untrusted function of the interface, which the host carries out';
