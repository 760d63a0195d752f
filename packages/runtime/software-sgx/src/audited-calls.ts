import type { Handlers } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { KeyName, KeyPolicy } from '@enclos/sgx';
import type { enclaveChannel } from '@enclos/tee';
import type { AuditEvent } from '@enclos/tee/audit';

export type QuoteHandler = (request: { readonly report: Uint8Array }) => Uint8Array | Promise<Uint8Array>;

/** The functions that an enclave may call. */
export type EnclaveHandlers = Handlers<(typeof enclaveChannel)['trusted']>;

/** What the stub of an SGX image asks for, in place of the functions of an enclave. */
export type LeafHandlers = {
  readonly [K in 'report' | 'key']: (request: Parameters<EnclaveHandlers[K]>[0]) => ReturnType<EnclaveHandlers[K]>;
};

/** Records one event with its code. */
export type Tell = (event: AuditEvent, code: string) => Promise<void>;

/** Has the outcome of work recorded before its result is given. @throws PLATFORM_AUDIT_FAILED in place of the result */
export async function told(
  tell: Tell,
  event: AuditEvent,
  work: () => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array> {
  let result: Uint8Array;
  try {
    result = await work();
  } catch (error) {
    await tell(event, codeOf(error));
    throw error;
  }
  await tell(event, 'OK');
  return result;
}

export function auditedLeaves(handlers: LeafHandlers, tell: Tell): LeafHandlers {
  return Object.freeze<LeafHandlers>({
    report: (args) => told(tell, { event: 'ereport' }, () => handlers.report(args)),
    key: (args) => told(tell, { event: 'egetkey', ...keyFacts(args.request) }, () => handlers.key(args)),
  });
}

/** `quotingTarget` is the same for all callers, and public. */
export function auditedCalls(handlers: EnclaveHandlers, tell: Tell): EnclaveHandlers {
  const leaves = auditedLeaves(
    { report: (args) => handlers.report(args, undefined), key: (args) => handlers.key(args, undefined) },
    tell,
  );
  return Object.freeze<EnclaveHandlers>({
    ...handlers,
    ...leaves,
    quote: (args, context) => told(tell, { event: 'quote' }, () => handlers.quote(args, context)),
  });
}

/** KEYNAME and KEYPOLICY are the first four bytes of a KEYREQUEST (SDM vol. 3D, KEYREQUEST). */
function keyFacts(request: Uint8Array): Readonly<Record<'keyName' | 'keyPolicy', string>> {
  const view = new DataView(request.buffer, request.byteOffset, request.length);
  const [name, policy] = [view.getUint16(0, true), view.getUint16(2, true)];
  return { keyName: nameOf(KeyName, name) ?? `${name}`, keyPolicy: policyText(policy) };
}

function policyText(policy: number): string {
  const named = Object.entries(KeyPolicy).filter(([, bit]) => (policy & bit) !== 0);
  const rest = named.reduce((left, [, bit]) => left & ~bit, policy);
  return [...named.map(([name]) => name), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])].join('|');
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string | undefined {
  return Object.entries(names).find(([, known]) => known === value)?.[0];
}

/** What a record says of a failure. */
export function codeOf(error: unknown): string {
  return isEnclosError(error) ? error.code : 'TEE_PLATFORM_FAILED';
}
