import { basename } from 'node:path';
import { refuseUsage, type CommandContext, type Io } from '@enclos/cli-frame';
import { readSmallFile } from '@enclos/cli-frame/files';
import { runSgxProgram } from '@enclos/sgx-host';
import type { RunOutcome } from '../project/run-options.ts';
import { latePlatform } from './late-platform.ts';
import type { SignedEvents, SignedRun } from './run-signed.ts';

/** A SIGSTRUCT has 1808 bytes. */
const MAX_SIGNATURE_BYTES = 4096;
/** What ends a program of Rust that panicked. */
const PANICKED = 101;

/**
 * Runs a program of Fortanix EDP until it exits.
 *
 * @throws what loading throws; CLI_USAGE; ENCLAVE_LOST when it does not exit by itself
 */
export async function runProgram(run: SignedRun, context: CommandContext, events: SignedEvents): Promise<RunOutcome> {
  const { input, debug, isolation, args } = run;
  const { path, io } = context;
  if (input.sgx === undefined || input.signature === undefined) refuseUsage('--sgx and --signature go together.');
  if (input.call.length > 0 || input.ocalls !== undefined) refuseUsage('A program of Fortanix EDP has no calls.');
  const image = path(input.sgx);
  const signature = await readSmallFile(path(input.signature), MAX_SIGNATURE_BYTES);
  const platform = latePlatform(run, events);
  try {
    const { panicked } = await runSgxProgram({
      image,
      signature,
      args: [basename(image), ...args],
      streams: {
        read: inputOf(io),
        // The stream may keep what it is given, and the bytes are in memory that is used again.
        write: (device, bytes) => events.print(device, Buffer.from(bytes)),
      },
      launcher: platform.launcher,
      debug,
      isolation,
    });
    return { exitCode: panicked ? PANICKED : 0 };
  } finally {
    await platform.close();
  }
}

/** Standard input, in pieces of any size. */
function inputOf(io: Pick<Io, 'stdin'>): (maxBytes: number) => Promise<Uint8Array> {
  const source = io.stdin[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array();
  return async (maxBytes) => {
    while (held.length === 0) {
      const next = await source.next();
      if (next.done === true) return held;
      held = next.value;
    }
    const piece = held.subarray(0, maxBytes);
    held = held.subarray(piece.length);
    return piece;
  };
}
