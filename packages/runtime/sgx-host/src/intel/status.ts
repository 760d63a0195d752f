// Declares EDL_CALL_FAILED.
import '@enclos/edl-calls/host';
import { EnclosError } from '@enclos/errors';

/** What Intel's SDK answers, outside and inside (sgx_error.h, `sgx_status_t`): name and number. */
const names: ReadonlyMap<number, string> = new Map([
  [0x0000, 'SGX_SUCCESS'],
  [0x0001, 'SGX_ERROR_UNEXPECTED'],
  [0x0002, 'SGX_ERROR_INVALID_PARAMETER'],
  [0x0003, 'SGX_ERROR_OUT_OF_MEMORY'],
  [0x0004, 'SGX_ERROR_ENCLAVE_LOST'],
  [0x0005, 'SGX_ERROR_INVALID_STATE'],
  [0x0008, 'SGX_ERROR_FEATURE_NOT_SUPPORTED'],
  [0x0009, 'SGX_PTHREAD_EXIT'],
  [0x000a, 'SGX_ERROR_MEMORY_MAP_FAILURE'],
  [0x1001, 'SGX_ERROR_INVALID_FUNCTION'],
  [0x1003, 'SGX_ERROR_OUT_OF_TCS'],
  [0x1006, 'SGX_ERROR_ENCLAVE_CRASHED'],
  [0x1007, 'SGX_ERROR_ECALL_NOT_ALLOWED'],
  [0x1008, 'SGX_ERROR_OCALL_NOT_ALLOWED'],
  [0x1009, 'SGX_ERROR_STACK_OVERRUN'],
  [0x2000, 'SGX_ERROR_UNDEFINED_SYMBOL'],
  [0x2001, 'SGX_ERROR_INVALID_ENCLAVE'],
  [0x2002, 'SGX_ERROR_INVALID_ENCLAVE_ID'],
  [0x2003, 'SGX_ERROR_INVALID_SIGNATURE'],
  [0x2004, 'SGX_ERROR_NDEBUG_ENCLAVE'],
  [0x2005, 'SGX_ERROR_OUT_OF_EPC'],
  [0x2006, 'SGX_ERROR_NO_DEVICE'],
  [0x2007, 'SGX_ERROR_MEMORY_MAP_CONFLICT'],
  [0x2009, 'SGX_ERROR_INVALID_METADATA'],
  [0x200c, 'SGX_ERROR_DEVICE_BUSY'],
  [0x200d, 'SGX_ERROR_INVALID_VERSION'],
  [0x200e, 'SGX_ERROR_MODE_INCOMPATIBLE'],
  [0x200f, 'SGX_ERROR_ENCLAVE_FILE_ACCESS'],
  [0x2010, 'SGX_ERROR_INVALID_MISC'],
  [0x2011, 'SGX_ERROR_INVALID_LAUNCH_TOKEN'],
  [0x3001, 'SGX_ERROR_MAC_MISMATCH'],
  [0x3002, 'SGX_ERROR_INVALID_ATTRIBUTE'],
  [0x3003, 'SGX_ERROR_INVALID_CPUSVN'],
  [0x3004, 'SGX_ERROR_INVALID_ISVSVN'],
  [0x3005, 'SGX_ERROR_INVALID_KEYNAME'],
  [0x3006, 'SGX_ERROR_UNSUPPORTED_FUNCTION'],
  [0x4001, 'SGX_ERROR_SERVICE_UNAVAILABLE'],
  [0x4002, 'SGX_ERROR_SERVICE_TIMEOUT'],
  [0x4003, 'SGX_ERROR_AE_INVALID_EPIDBLOB'],
  [0x4004, 'SGX_ERROR_SERVICE_INVALID_PRIVILEGE'],
  [0x4005, 'SGX_ERROR_EPID_MEMBER_REVOKED'],
  [0x4006, 'SGX_ERROR_UPDATE_NEEDED'],
  [0x4007, 'SGX_ERROR_NETWORK_FAILURE'],
  [0x4008, 'SGX_ERROR_AE_SESSION_INVALID'],
  [0x400a, 'SGX_ERROR_BUSY'],
  [0x400c, 'SGX_ERROR_MC_NOT_FOUND'],
  [0x400d, 'SGX_ERROR_MC_NO_ACCESS_RIGHT'],
  [0x400e, 'SGX_ERROR_MC_USED_UP'],
  [0x400f, 'SGX_ERROR_MC_OVER_QUOTA'],
  [0x4011, 'SGX_ERROR_KDF_MISMATCH'],
  [0x4012, 'SGX_ERROR_UNRECOGNIZED_PLATFORM'],
  [0x4013, 'SGX_ERROR_UNSUPPORTED_CONFIG'],
  [0x5002, 'SGX_ERROR_NO_PRIVILEGE'],
  [0x6001, 'SGX_ERROR_PCL_ENCRYPTED'],
  [0x6002, 'SGX_ERROR_PCL_NOT_ENCRYPTED'],
  [0x6003, 'SGX_ERROR_PCL_MAC_MISMATCH'],
  [0x6004, 'SGX_ERROR_PCL_SHA_MISMATCH'],
  [0x6005, 'SGX_ERROR_PCL_GUID_MISMATCH'],
  [0x7001, 'SGX_ERROR_FILE_BAD_STATUS'],
  [0x7002, 'SGX_ERROR_FILE_NO_KEY_ID'],
  [0x7003, 'SGX_ERROR_FILE_NAME_MISMATCH'],
  [0x7004, 'SGX_ERROR_FILE_NOT_SGX_FILE'],
  [0x7005, 'SGX_ERROR_FILE_CANT_OPEN_RECOVERY_FILE'],
  [0x7006, 'SGX_ERROR_FILE_CANT_WRITE_RECOVERY_FILE'],
  [0x7007, 'SGX_ERROR_FILE_RECOVERY_NEEDED'],
  [0x7008, 'SGX_ERROR_FILE_FLUSH_FAILED'],
  [0x7009, 'SGX_ERROR_FILE_CLOSE_FAILED'],
  [0x8001, 'SGX_ERROR_UNSUPPORTED_ATT_KEY_ID'],
  [0x8002, 'SGX_ERROR_ATT_KEY_CERTIFICATION_FAILURE'],
  [0x8003, 'SGX_ERROR_ATT_KEY_UNINITIALIZED'],
  [0x8004, 'SGX_ERROR_INVALID_ATT_KEY_CERT_DATA'],
  [0x8005, 'SGX_ERROR_PLATFORM_CERT_UNAVAILABLE'],
  [0x9001, 'SGX_ERROR_TLS_X509_INVALID_EXTENSION'],
  [0xf001, 'SGX_INTERNAL_ERROR_ENCLAVE_CREATE_INTERRUPTED'],
]);

/** Answers that this package gives or acts on. */
export const SgxStatus = Object.freeze({
  success: 0,
  unexpected: 1,
  invalidParameter: 2,
  outOfMemory: 3,
  enclaveLost: 4,
  deviceBusy: 0x200c,
  invalidFunction: 0x1001,
  outOfTcs: 0x1003,
  enclaveCrashed: 0x1006,
  stackOverrun: 0x1009,
} as const);

/** After these an enclave takes no call any more (trts_veh.cpp sets its state; sig_handler.cpp). */
const fatal: ReadonlySet<number> = new Set([SgxStatus.enclaveLost, SgxStatus.enclaveCrashed, SgxStatus.stackOverrun]);

export function isFatal(status: number): boolean {
  return fatal.has(status);
}

/** A status as its name and its number, "SGX_ERROR_ENCLAVE_CRASHED (0x1006)". */
export function statusText(status: number): string {
  return `${names.get(status) ?? 'a status without a name'} (0x${status.toString(16).padStart(4, '0')})`;
}

/** @param cause what a handler of the host threw meanwhile: an enclave often passes its failure on */
export function intelCallFailed(call: string, status: number, cause?: unknown): EnclosError<'EDL_CALL_FAILED'> {
  const details = { status, ...(names.has(status) ? { name: names.get(status) ?? '' } : {}) };
  const message = `${call}: the enclave answered ${statusText(status)}.`;
  return new EnclosError('EDL_CALL_FAILED', message, { details, ...(cause === undefined ? {} : { cause }) });
}
