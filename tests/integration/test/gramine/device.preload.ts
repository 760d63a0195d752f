import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { fromHex, utf8 } from '@enclos/codec';
import { encodeReport, parseTargetInfo } from '@enclos/sgx';
import { gramineQuote, type FakeGramine } from './fake-machine.ts';

/**
 * `/dev/attestation` of Gramine, for a program that knows nothing of it: what opens a file below it gets one of these. The
 * rules are those of `libos/src/fs/dev/attestation.c` and `libos_fs_pseudo.c`: each write replaces the whole value and pads
 * it with zeros, content is made when a file is opened, and without remote attestation there is no `quote`.
 */
const { body, attestationType, keys } = JSON.parse(process.env['FAKE_GRAMINE'] ?? '') as FakeGramine;
const held = { user_report_data: new Uint8Array(64), target_info: new Uint8Array(512) };

const errno = (code: string): Error => Object.assign(new Error(`${code}: fake`), { code });

function report(): Uint8Array {
  parseTargetInfo(held.target_info);
  const reportData = held.user_report_data.slice();
  const { quote: _, reportBody } = gramineQuote(body, reportData);
  return encodeReport({ body: reportBody, keyId: new Uint8Array(32), mac: new Uint8Array(16) });
}

function content(name: string): Uint8Array {
  if (name === 'attestation_type') return utf8(attestationType);
  if (name === 'report') return report();
  if (name === 'quote' && attestationType === 'dcap') return gramineQuote(body, held.user_report_data.slice()).quote;
  const key = keys[name.replace('keys/', '')];
  if (name.startsWith('keys/') && key !== undefined) return fromHex(key);
  throw errno('ENOENT');
}

interface PseudoFile {
  read(into: Uint8Array, offset: number, length: number): Promise<{ bytesRead: number }>;
  write(bytes: Uint8Array): Promise<{ bytesWritten: number }>;
  close(): Promise<void>;
}

function openPseudoFile(name: string, flags: unknown): PseudoFile {
  const isWritten = name === 'user_report_data' || name === 'target_info';
  if (isWritten !== (flags === 1)) throw errno('EACCES');
  let rest = isWritten ? new Uint8Array() : content(name);
  return {
    read(into, offset, length) {
      // Reads may be short.
      const piece = rest.subarray(0, Math.min(length, 100));
      into.set(piece, offset);
      rest = rest.subarray(piece.length);
      return Promise.resolve({ bytesRead: piece.length });
    },
    write(bytes) {
      if (!isWritten) throw errno('EBADF');
      held[name].fill(0).set(bytes.subarray(0, held[name].length));
      return Promise.resolve({ bytesWritten: bytes.length });
    },
    close: () => Promise.resolve(),
  };
}

const { open } = fs;
const folder = '/dev/attestation/';

fs.open = async (...given: Parameters<typeof open>) => {
  const [path, flags] = given;
  if (typeof path !== 'string' || !path.startsWith(folder)) return open(...given);
  // Of a handle the drivers use these three.
  return openPseudoFile(path.slice(folder.length), flags) as unknown as FileHandle;
};
syncBuiltinESMExports();
