import { durable, readBoundedFile } from '@enclos/durable';

/** The folders that pods were given, by `DEVICE/NUMBER`, in a file that outlives a reboot of the node. */
export interface FolderRecord {
  names(): Promise<readonly string[]>;
  add(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

const namePattern = /^\d{1,4}\/\d{8}$/;
/** 1024 devices with 64 folders each; what is longer was not written by an agent. */
const maxBytes = 1024 * 64 * 14;

/**
 * Keeps the record. It is read again before each change, because an agent that is being replaced may still write it. One that is
 * missing or damaged is begun again: it is only needed after a reboot.
 * @param path in a folder that only root can write to
 */
export function openFolderRecord(path: string): FolderRecord {
  const read = async (): Promise<Set<string>> =>
    new Set((await readText(path)).split('\n').filter((line) => namePattern.test(line)));
  const write = (names: ReadonlySet<string>): Promise<void> =>
    durable.replace(path, [...names].map((name) => `${name}\n`).join(''), { mode: 0o600, folderMode: 0o700 });
  return Object.freeze({
    names: async () => [...(await read())],
    add: async (name: string) => write((await read()).add(name)),
    async remove(name: string) {
      const names = await read();
      if (names.delete(name)) await write(names);
    },
  });
}

async function readText(path: string): Promise<string> {
  const read = await readBoundedFile(path, maxBytes).catch(() => undefined);
  return read === undefined || 'unfit' in read ? '' : Buffer.from(read.bytes).toString('utf8');
}
