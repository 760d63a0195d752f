import { MAX_FILE_CHUNK_BYTES } from '@enclos/edl';
import type { HostSystem } from '../runtime.ts';

/** The host's file service, as the trusted runtime sees it: every answer is untrusted. */
export interface HostFiles {
  readTrustedFile(path: string, offset: bigint, maxBytes: number): Promise<Uint8Array>;
  stat(target: string, path: string): Promise<{ kind: 'file' | 'folder' | 'other'; sizeBytes: bigint } | undefined>;
  read(target: string, path: string, offset: bigint, maxBytes: number): Promise<Uint8Array>;
  list(target: string, path: string): Promise<readonly { name: string; kind: 'file' | 'folder' | 'other' }[]>;
  write(target: string, path: string, content: Uint8Array): Promise<void>;
  remove(target: string, path: string): Promise<void>;
}

const services = new WeakMap<HostSystem, HostFiles>();

/** The host's file service over the gate. All writes of an enclave share its turns and its numbers. */
export function hostFilesOf(system: HostSystem): HostFiles {
  const known = services.get(system);
  if (known !== undefined) return known;
  const made = createHostFiles(system);
  services.set(system, made);
  return made;
}

function createHostFiles(system: HostSystem): HostFiles {
  let writes = 0;
  const turn = createTurns(maxWritesUnderWay);
  return Object.freeze({
    readTrustedFile: (path: string, offset: bigint, maxBytes: number) =>
      system.readTrustedFile({ path, offset, maxBytes }),
    stat: (target: string, path: string) => system.mountStat({ target, path }),
    read: (target: string, path: string, offset: bigint, maxBytes: number) =>
      system.mountRead({ target, path, offset, maxBytes }),
    list: (target: string, path: string) => system.mountList({ target, path }),
    remove: (target: string, path: string) => system.mountRemove({ target, path }),
    write: (target: string, path: string, content: Uint8Array) =>
      turn(() => writeAll(system, { target, path, write: ++writes }, content)),
  });
}

/** The host keeps a file open for each write, and refuses more than it allows; further writes wait here. */
const maxWritesUnderWay = 8;

function createTurns(width: number): (work: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      await work();
    } finally {
      // A finished write passes its turn on. Only when no write waits does the count go down.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

async function writeAll(
  system: HostSystem,
  to: { target: string; path: string; write: number },
  content: Uint8Array,
): Promise<void> {
  let at = 0;
  do {
    const piece = content.subarray(at, at + MAX_FILE_CHUNK_BYTES);
    at += piece.length;
    await system.mountWrite({ ...to, content: piece, last: at === content.length ? 'yes' : 'no' });
  } while (at < content.length);
}
