import { open, type FileHandle } from 'node:fs/promises';
import type { CommandContext } from '@enclos/cli-frame';
import { readUpTo, unreadable } from '@enclos/cli-frame/files';
import { fileKindOf } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { fetchCertificate } from './fetch-certificate.ts';

/** Evidence is a few KiB; with chains, in JSON and base64, some tens. */
const maximumInputBytes = 1024 * 1024;

export interface Input {
  /** As the command line has it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** `tls`: the certificate that a server showed, which also proved that it has the key. */
  readonly from: 'file' | 'stdin' | 'tls';
}

/**
 * Reads what a command line names: a file, `-` for standard input, or the
 * certificate of a server by its https address. Never more than 1 MiB.
 *
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID with words for what is too large, CLI_USAGE, CLI_SERVER_UNREACHABLE
 */
export async function readInput(name: string, { io, path }: CommandContext): Promise<Input> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) return { name, bytes: await fetchCertificate(name), from: 'tls' };
  if (name === '-') return { name, bytes: await readStream(io.stdin), from: 'stdin' };
  return { name, bytes: await readFile(path(name)), from: 'file' };
}

/** Into one buffer: a program may write its bytes one by one, and must not cost an object for each. */
async function readStream(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const bytes = new Uint8Array(maximumInputBytes);
  let length = 0;
  for await (const piece of stream) {
    bytes.set(piece.subarray(0, bytes.length - length), length);
    length += piece.length;
    if (length > maximumInputBytes) throw tooLarge('Standard input', bytes);
  }
  return bytes.slice(0, length);
}

/** Reads pipes too, whose size is unknown: at most one byte more than the limit. */
async function readFile(path: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { size } = await handle.stat();
    const wanted = size > maximumInputBytes ? pieceBytes : maximumInputBytes + 1;
    const bytes = await readUpTo(handle, wanted);
    if (bytes.length > maximumInputBytes || size > maximumInputBytes) throw tooLarge(path, bytes);
    return bytes;
  } catch (cause) {
    throw cause instanceof EnclosError ? cause : unreadable(path, cause);
  } finally {
    await handle?.close();
  }
}

const pieceBytes = 64 * 1024;

function tooLarge(name: string, head: Uint8Array): EnclosError {
  return new EnclosError(
    'CLI_FILE_INVALID',
    `${name} is larger than ${maximumInputBytes} bytes, which no evidence is; it begins like ${fileKindOf(head).words}.`,
    { details: { path: name } },
  );
}
