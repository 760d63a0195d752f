/** What RDI says when an enclave of Intel's SDK is entered (rts_cmd.h). Other numbers are indexes of ECALLs. */
export const EntryCommand = Object.freeze({
  initialize: command(-1),
  /** Return from an OCALL. */
  ocallReturn: command(-2),
  exception: command(-3),
  /** Begin of a thread that the enclave asked for (`pthread_create`). */
  threadStart: command(-6),
} as const);

/** RDI of an exit that ends an ECALL: RSI is the status. Other numbers are indexes of OCALLs, with their structure at RSI. */
const returned = command(-1);

/** The exits that end an entry. */
export const finalExit = Object.freeze({ mask: command(-1), value: returned });

/** As uRTS passes an `int`: with its sign in 64 bits. */
function command(number: number): bigint {
  return BigInt.asUintN(64, BigInt(number));
}

/** The index of an OCALL. Built-in ones, which EDMM uses, are negative. */
export function ocallIndex(rdi: bigint): bigint {
  return BigInt.asIntN(64, rdi);
}

/** The status in RSI, of which `sgx_status_t` takes 32 bits. */
export function statusIn(rsi: bigint): number {
  return Number(BigInt.asUintN(32, rsi));
}
