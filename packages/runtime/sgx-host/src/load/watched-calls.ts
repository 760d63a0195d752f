import type { ReturnedEcall, SgxCalls } from '@enclos/edl-calls/host';
import { codeOf, type Watch, type WatchedOperation } from '@enclos/host/life';

export interface WatchedCallsOptions {
  readonly watch: Watch;
  /** The names of the ECALLs, by index. */
  readonly names: readonly string[];
  /** What the calls belong to. */
  readonly parent: () => WatchedOperation | undefined;
}

/** Has each ECALL that a handler makes observed. */
export function watchedCalls(calls: SgxCalls, { watch, names, parent }: WatchedCallsOptions): SgxCalls {
  return {
    ...calls,
    ecall: (index, image) =>
      watched(watch.begin({ kind: 'trusted', function: names[index] ?? '' }, parent()), image?.bytes.length, () =>
        calls.ecall(index, image),
      ),
  };
}

/** Has an ECALL observed from its image to what is left of it. */
export async function watched(
  seen: WatchedOperation,
  argumentBytes: number | undefined,
  call: () => Promise<ReturnedEcall>,
): Promise<ReturnedEcall> {
  seen.argumentBytes = argumentBytes ?? 0;
  try {
    const result = await call();
    // The image comes back as a whole.
    seen.resultBytes = seen.argumentBytes;
    seen.end('OK');
    return result;
  } catch (error) {
    seen.end(codeOf(error, 'ENCLAVE_CALL_FAILED'));
    throw error;
  }
}
