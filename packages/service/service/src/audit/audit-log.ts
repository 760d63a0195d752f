import { closeSync, openSync, writeSync } from 'node:fs';

export interface AuditLog {
  /** Resolves when the kernel has the line. @throws what writing throws; the enclave then refuses what the line is about. */
  write(line: string): Promise<void>;
  close(): void;
}

/**
 * @param path `-` for the standard output.
 * @throws what opening throws
 */
export function openAuditLog(path: string): AuditLog {
  if (path === '-') return Object.freeze<AuditLog>({ write: toStandardOutput, close: () => undefined });
  const file = openSync(path, 'a', 0o600);
  return Object.freeze<AuditLog>({
    // Every attest call waits for its line. A thread would take ten times as long for it as the kernel does.
    write: async (line) => writeWhole(file, Buffer.from(`${line}\n`)),
    close: () => closeSync(file),
  });
}

/** A full disk may take the beginning of a line, and no more: the next write then begins after it. */
function writeWhole(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

function toStandardOutput(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
