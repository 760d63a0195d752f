import type { Duplex } from 'node:stream';
import { isEnclosError } from '@enclos/errors';
import {
  encodePlatformAnswer,
  LeafStatus,
  parsePlatformRequest,
  PlatformLeaf,
  platformRequestReader,
  type PlatformAnswer,
  type PlatformRequest,
} from '@enclos/sgx-stub/wire';

/** EREPORT and EGETKEY for the enclave of one process. */
export interface Leaves {
  readonly report: (request: {
    readonly targetInfo: Uint8Array;
    readonly reportData: Uint8Array;
  }) => Uint8Array | Promise<Uint8Array>;
  readonly key: (request: { readonly request: Uint8Array }) => Uint8Array | Promise<Uint8Array>;
}

const none = new Uint8Array(0);

const brokenRules = 'The platform ended it, because its process broke the rules of its connection to the platform.';

function unanswered(error: unknown): string {
  const why = isEnclosError(error) ? ` ${error.message}` : '';
  return `The platform ended it, because it could not answer its request for a report or a key.${why}`;
}

/**
 * Answers a stub on the descriptor that this platform made for it: the connection is the identity. One request at a time.
 * @param broken called once, with a sentence, when the stub breaks the protocol or an answer cannot be given: it must be ended.
 */
export function serveLeaves(channel: Duplex, leaves: Leaves, broken: (why: string) => void): void {
  const reader = platformRequestReader();
  let isBusy = false;
  let isBroken = false;
  const fail = (why: string): void => {
    if (isBroken) return;
    isBroken = true;
    // Not destroyed: its end would be a reason for the stub, which may then end before it is ended.
    channel.pause();
    broken(why);
  };
  const answer = async (request: PlatformRequest): Promise<void> => {
    const found = await carryOut(leaves, request);
    if (isBroken) return;
    const bytes = encodePlatformAnswer(request.leaf, found);
    // The key is in the message alone now, and there until the kernel has it.
    found.result.fill(0);
    channel.write(bytes, () => bytes.fill(0));
    isBusy = false;
  };
  channel.on('data', (chunk: Uint8Array) => {
    try {
      reader.push(chunk, (message) => {
        // The stub waits for each answer, so a second request shows that it is not itself any more.
        if (isBusy || isBroken) return fail(brokenRules);
        isBusy = true;
        answer(parsePlatformRequest(message)).catch((error: unknown) => fail(unanswered(error)));
      });
    } catch {
      fail(brokenRules);
    }
  });
}

/** @throws what is not an answer of the processor, such as PLATFORM_AUDIT_FAILED */
async function carryOut(leaves: Leaves, request: PlatformRequest): Promise<PlatformAnswer> {
  try {
    const result =
      request.leaf === PlatformLeaf.EREPORT
        ? await leaves.report(request)
        : await leaves.key({ request: request.keyRequest });
    return { status: LeafStatus.SUCCESS, result };
  } catch (error) {
    return { status: statusOf(error), result: none };
  }
}

/** SDM vol. 3D, EGETKEY: the error codes in RAX; what is malformed faults. */
function statusOf(error: unknown): number {
  if (isEnclosError(error)) {
    if (error.code === 'KEY_NOT_PERMITTED') return LeafStatus.INVALID_ATTRIBUTE;
    if (error.code === 'KEY_CPUSVN_TOO_NEW') return LeafStatus.INVALID_CPUSVN;
    if (error.code === 'KEY_SVN_TOO_NEW' || error.code === 'KEY_CONFIGSVN_TOO_NEW') return LeafStatus.INVALID_ISVSVN;
    if (error.code === 'KEY_REQUEST_INVALID') {
      return error.details['rule'] === 'keyName' ? LeafStatus.INVALID_KEYNAME : LeafStatus.FAULT;
    }
    if (error.code === 'REPORT_REQUEST_INVALID') return LeafStatus.FAULT;
  }
  throw error;
}
