import type { SgxThread } from '../gate/thread.ts';
import { OeResult, type ArenaHandle, type Awaitable } from '@enclos/edl-calls/host';
import { OcallRefusal } from './ocall-refusal.ts';

/** The values of an OCALL, by the names of its parameters. The codec made them: their types are those of the SDK's EDL file. */
export type SystemValues = Readonly<Record<string, unknown>>;

/** What an OCALL comes to: what the function returns, and what it fills. */
export interface SystemOcallAnswer {
  readonly returned?: unknown;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Serves one OCALL of the SDK itself. @throws OcallRefusal */
export type SystemOcall = (values: SystemValues, thread: SgxThread) => Awaitable<SystemOcallAnswer>;

/** A value whose type an EDL file of the user could have changed: the enclave gets OE_INVALID_PARAMETER. */
export function bytesIn(values: SystemValues, name: string): Uint8Array {
  const value = values[name];
  return value instanceof Uint8Array ? value : refuseValue();
}

export function textIn(values: SystemValues, name: string): string {
  const value = values[name];
  return typeof value === 'string' ? value : refuseValue();
}

/** An integer of at most 64 bits. */
export function integerIn(values: SystemValues, name: string): bigint {
  const value = values[name];
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : refuseValue();
}

/** An address of the arena; 0 for NULL. */
export function addressIn(values: SystemValues, name: string): bigint {
  const value = values[name];
  if (value === null) return 0n;
  return isHandle(value) ? value.address : refuseValue();
}

function isHandle(value: unknown): value is ArenaHandle {
  return typeof value === 'object' && value !== null && 'address' in value && typeof value.address === 'bigint';
}

function refuseValue(): never {
  throw new OcallRefusal(OeResult.invalidParameter);
}
