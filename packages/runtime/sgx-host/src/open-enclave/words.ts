/** The speaker at the gate of Open Enclave, and what it does (openenclave/internal/calls.h, `oe_code_t`). */
export const GateCode = { ecall: 1, ereturn: 2, ocall: 3, oreturn: 4 } as const;

/** What a host calls an enclave for (`oe_func_t`). */
export const EnclaveFunction = {
  destroy: 0,
  initialize: 1,
  call: 2,
  handleException: 3,
  callAtExit: 4,
} as const;

/** What an enclave calls its host for, beside the functions of its interface (`oe_func_t`). */
export const HostFunction = {
  call: 0x8000,
  threadWake: 0x8001,
  threadWait: 0x8002,
  allocate: 0x8003,
  free: 0x8004,
  time: 0x8005,
} as const;

/** RDI of an entry and of an exit: four numbers of 16 bits (`oe_make_call_arg1`). RSI is the argument beside it. */
export interface GateWord {
  readonly code: number;
  readonly function: number;
  /** Whether the call was made at all (`oe_result_t`); what came of it stands elsewhere. */
  readonly result: number;
}

const FIELD = 0xffffn;

/** An exit with this code ends an entry. Every other one is an OCALL. */
export const finalExit = {
  mask: FIELD << 48n,
  value: BigInt(GateCode.ereturn) << 48n,
} as const;

export function encodeGateWord({ code, function: called, result }: GateWord): bigint {
  return (BigInt(code) << 48n) | (BigInt(called) << 32n) | BigInt(result);
}

/** The flags, which no version of the SDK uses, are not looked at: its host does not look at them either. */
export function decodeGateWord(word: bigint): GateWord {
  return {
    code: Number((word >> 48n) & FIELD),
    function: Number((word >> 32n) & FIELD),
    result: Number(word & FIELD),
  };
}
