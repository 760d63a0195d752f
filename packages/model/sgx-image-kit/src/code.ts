import { assemble } from './compiler.ts';
import { enclaveSizeFor, pageBytes, pageFlags, pagesOf, roundUp, tcsBytes } from './pages.ts';
import { signEnclave, type KitEnclave, type KitSigning } from './signing.ts';
import { writeStream } from './stream.ts';

export interface CodeEnclaveOptions extends KitSigning {
  /** Machine code for address 0, or assembly (GNU syntax, for x86-64). Its first byte is the entry of every thread. */
  readonly code: Uint8Array | string;
  /** Default: 1. */
  readonly threads?: number;
  /** Pages that code can write, of each thread: FS and GS point to the first. Default: 1. */
  readonly dataPages?: number;
  readonly enclaveBytes?: number;
}

/**
 * An enclave of bare machine code, as an SGXS stream. In it: the code (readable, executable), and for each thread its data pages (writable,
 * not measured), the TCS, and two SSA frames after the TCS.
 *
 * @example
 * ```ts
 * const { sgxs, sigstruct } = codeEnclave({ key, code: 'mov %rcx, %rbx\nmov $4, %eax\n.byte 0x0f, 0x01, 0xd7' });
 * ```
 */
export function codeEnclave(options: CodeEnclaveOptions): Omit<KitEnclave, 'elf' | 'signed' | 'sigstructAt'> {
  const { threads = 1, dataPages = 1 } = options;
  const code = typeof options.code === 'string' ? assemble(options.code) : options.code;
  const codeBytes = roundUp(code.length);
  const threadBytes = (dataPages + 3) * pageBytes;
  const starts = Array.from({ length: threads }, (_, index) => codeBytes + index * threadBytes);
  const enclaveBytes = options.enclaveBytes ?? enclaveSizeFor(codeBytes + threads * threadBytes);
  const pages = [
    ...pagesOf(0, codeBytes / pageBytes, { flags: pageFlags.rx, content: code }),
    ...starts.flatMap((start) => {
      const tcsAt = start + dataPages * pageBytes;
      const content = tcsBytes({ ssa: tcsAt + pageBytes, entry: 0, segments: start });
      return [
        ...pagesOf(start, dataPages, { flags: pageFlags.rw, measured: false }),
        ...pagesOf(tcsAt, 1, { flags: pageFlags.tcs, content }),
        ...pagesOf(tcsAt + pageBytes, 2, { flags: pageFlags.rw }),
      ];
    }),
  ];
  const { sgxs, mrEnclave } = writeStream(pages, { enclaveBytes });
  const tcs = starts.map((start) => start + dataPages * pageBytes);
  return { sgxs, mrEnclave, sigstruct: signEnclave(mrEnclave, options), enclaveBytes, tcs };
}
