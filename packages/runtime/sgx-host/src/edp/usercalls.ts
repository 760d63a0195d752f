/** Whether an enclave of Fortanix EDP gets an answer to a usercall, and which. */
export type UsercallService =
  | 'served'
  /** Its result is `Error::Other`: the interface has no code for what is not supported. */
  | 'unsupported'
  /** It has no result, and nothing is done. */
  | 'ignored'
  /** It has no result that could say so: the enclave is ended. */
  | 'ends';

/** The usercalls in the order of their numbers, from 1 on (fortanix-sgx-abi, `Usercalls`). The capability table has the same list. */
export const usercalls = {
  read: 'served',
  read_alloc: 'unsupported',
  write: 'served',
  flush: 'unsupported',
  close: 'ignored',
  bind_stream: 'unsupported',
  accept_stream: 'unsupported',
  connect_stream: 'unsupported',
  launch_thread: 'unsupported',
  exit: 'served',
  wait: 'unsupported',
  send: 'unsupported',
  insecure_time: 'ends',
  alloc: 'served',
  free: 'served',
  async_queues: 'unsupported',
} as const satisfies Readonly<Record<string, UsercallService>>;

export type UsercallName = keyof typeof usercalls;

// The keys of an object literal are those of its type.
const names = Object.keys(usercalls) as UsercallName[];

/** @returns undefined for a number that has no usercall */
export function usercallName(number: bigint): UsercallName | undefined {
  return number < 1n || number > BigInt(names.length) ? undefined : names[Number(number) - 1];
}

/** Codes of fortanix-sgx-abi, `Error`; 0 is success. */
export const EdpError = { invalidInput: 0x16, other: 0x3fff_ffff } as const;
