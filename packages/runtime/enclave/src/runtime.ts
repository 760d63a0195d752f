import type { Caller, systemInterface } from '@enclos/edl';
import type { Frame, SendStream } from '@enclos/gate';
import type { EmbeddedFile, EnclaveManifest } from '@enclos/manifest';
import type { Attester } from '@enclos/tee';
import type { EnclavePassage } from '@enclos/tee/passage';
import { EnclosError } from '@enclos/errors';
import type { LogText } from './log-filter.ts';

/** What the host does for the trusted runtime. Every answer is untrusted. */
export type HostSystem = Caller<(typeof systemInterface)['untrusted']>;

/** Everything that the SDK functions need, made once by boot. */
export interface EnclaveRuntime {
  readonly manifest: EnclaveManifest;
  readonly attester: Attester;
  readonly files: readonly EmbeddedFile[];
  readonly system: HostSystem;
  readonly sendStream: SendStream;
  /** Where connected sockets arrive; absent unless the platform passes them. */
  readonly passage?: EnclavePassage | undefined;
  log(level: number, text: LogText): void;
}

let current: EnclaveRuntime | undefined;
let environment: ReadonlyMap<string, string> = new Map();

/** Called once, by boot: an enclave process holds one enclave. */
export function installRuntime(made: EnclaveRuntime): void {
  if (current !== undefined) throw new Error('The runtime is installed already.');
  current = made;
}

export function installEnvironment(values: ReadonlyMap<string, string>): void {
  environment = values;
}

let receiveStream = (_frame: Frame): void => {
  throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'The peer sent a frame of a stream, and none was opened.');
};

/** Passes a frame to the code that serves streams, which applications without streams do not carry. */
export function streamReceived(frame: Frame): void {
  receiveStream(frame);
}

export function serveStreams(receive: (frame: Frame) => void): void {
  receiveStream = receive;
}

/** @throws ENCLAVE_NOT_BOOTED outside an enclave. */
export function runtime(): EnclaveRuntime {
  if (current === undefined) throw new EnclosError('ENCLAVE_NOT_BOOTED');
  return current;
}

/**
 * A variable that enclave.json declares. Values written there are measured;
 * values taken from the host are untrusted input.
 * @returns undefined when the host gave no value.
 * @throws ENCLAVE_VARIABLE_NOT_DECLARED when the manifest does not declare the name.
 */
export function environmentVariable(name: string): string | undefined {
  const declared = runtime().manifest.environment.some((variable) => variable.name === name);
  if (!declared) {
    throw new EnclosError('ENCLAVE_VARIABLE_NOT_DECLARED', `enclave.json does not declare the variable ${name}.`);
  }
  return environment.get(name);
}
