import { open } from 'node:fs/promises';

export interface AuditLog {
  /** Resolves when the kernel has the line. @throws what writing throws; the enclave then refuses what the line is about. */
  write(line: string): Promise<void>;
  close(): Promise<void>;
}

/** @param path `-` for the standard output. Lines that come while others are written go out together, in order. */
export async function openAuditLog(path: string): Promise<AuditLog> {
  if (path === '-') return Object.freeze<AuditLog>({ write: toStandardOutput, close: async () => undefined });
  const file = await open(path, 'a', 0o600);
  let waiting = '';
  let turn: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await last.catch(() => undefined);
    const lines = waiting;
    waiting = '';
    turn = undefined;
    last = file.appendFile(lines);
    await last;
  };
  return Object.freeze<AuditLog>({
    write(line) {
      waiting += `${line}\n`;
      turn ??= flush();
      return turn;
    },
    async close() {
      await turn?.catch(() => undefined);
      await last.catch(() => undefined);
      await file.close();
    },
  });
}

function toStandardOutput(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
