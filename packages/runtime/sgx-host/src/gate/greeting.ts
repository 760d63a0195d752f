import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import { type GateHello, HELLO_BYTES, parseGateHello } from '@enclos/sgx-stub/wire';

/**
 * Reads the greeting of a gate, and leaves the gate paused after it.
 *
 * @throws SGX_WIRE_INVALID; an error of the stream, when it ends before
 */
function greetingOf(gate: Duplex): Promise<GateHello> {
  return new Promise((resolve, reject) => {
    const bytes = new Uint8Array(HELLO_BYTES);
    let filled = 0;
    const done = (settle: () => void): void => {
      gate.off('data', take);
      gate.off('error', failed);
      gate.off('close', closed);
      gate.pause();
      settle();
    };
    const failed = (error: Error): void => done(() => reject(error));
    const closed = (): void => failed(new Error('The gate closed before its greeting.'));
    const take = (chunk: Uint8Array): void => {
      if (chunk.length > HELLO_BYTES - filled) return failed(wireError('A gate says more than its greeting.'));
      bytes.set(chunk, filled);
      filled += chunk.length;
      if (filled < HELLO_BYTES) return;
      try {
        const hello = parseGateHello(bytes);
        done(() => resolve(hello));
      } catch (error) {
        failed(error instanceof Error ? error : wireError('A gate has no greeting.'));
      }
    };
    gate.on('data', take);
    gate.on('error', failed);
    gate.on('close', closed);
    gate.resume();
  });
}

/**
 * The greetings of all gates, which have to agree: one enclave, one arena, a thread for each gate in its order, and stacks that lie
 * below the heap.
 *
 * @param stackBytes of each thread, as it was asked for
 * @throws SGX_WIRE_INVALID
 */
export async function greetingsOf(gates: readonly Duplex[], stackBytes: number): Promise<readonly GateHello[]> {
  const hellos = await Promise.all(gates.map((gate) => greetingOf(gate)));
  const [first] = hellos;
  if (first === undefined) throw wireError('The enclave has no gate.');
  const { arenaBase, arenaBytes, enclaveBase, enclaveBytes } = first;
  const arenaEnd = arenaBase + arenaBytes;
  const enclaveEnd = enclaveBase + enclaveBytes;
  if (arenaBase < enclaveEnd && enclaveBase < arenaEnd) throw wireError('The arena and the enclave overlap.');
  const threads = new Set(hellos.map(({ tcs }) => tcs));
  if (threads.size < hellos.length) throw wireError('Two threads have one TCS.');
  for (const [i, hello] of hellos.entries()) {
    const isSame =
      hello.arenaBase === arenaBase &&
      hello.arenaBytes === arenaBytes &&
      hello.enclaveBase === enclaveBase &&
      hello.enclaveBytes === enclaveBytes;
    const isInOrder = hello.thread === i && hello.stackBytes === BigInt(stackBytes);
    const isBelowHeap = hello.stackBase + hello.stackBytes <= arenaBase + BigInt(stackBytes) * BigInt(hellos.length);
    if (!isSame || !isInOrder || !isBelowHeap) throw wireError('The gates do not belong together.');
  }
  return hellos;
}

function wireError(message: string): EnclosError<'SGX_WIRE_INVALID'> {
  return new EnclosError('SGX_WIRE_INVALID', message);
}
