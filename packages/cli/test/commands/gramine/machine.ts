import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { signEnclave } from '@enclos/build';
import { layOutImage, type EnclaveManifest, type ProgramSettings } from '@enclos/manifest';
import { parseSigstruct, type SigstructFields } from '@enclos/sgx';
import { loadSigningKey, signSigstruct } from '@enclos/sgx/node';
import { elfFile, manifestFields } from '@enclos/testkit';
import { parse, stringify } from 'smol-toml';
import { enclos, signingKey, temporaryFolder, type Ran } from '../../cli.ts';

export const sha256Of = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** Small, and of the shape of the real one: its loader and libraries are those of Node on x64. */
export const interpreter = elfFile({
  loader: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libdl.so.2', 'libstdc++.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libpthread.so.0', 'libc.so.6'],
});

/** Gramine's C library and what Debian adds, by their paths in the folder of a {@link Machine}. */
export const libraries: Readonly<Record<string, Uint8Array>> = {
  'gramine/libsysdb.so': elfFile({ note: 'libos' }),
  'gramine/runtime/glibc/ld-linux-x86-64.so.2': elfFile({ note: 'loader' }),
  'gramine/runtime/glibc/libc.so.6': elfFile({ needed: ['ld-linux-x86-64.so.2'], note: 'libc' }),
  'gramine/runtime/glibc/libdl.so.2': elfFile({ needed: ['libc.so.6'], note: 'libdl' }),
  'gramine/runtime/glibc/libm.so.6': elfFile({ needed: ['libc.so.6'], note: 'libm' }),
  'gramine/runtime/glibc/libpthread.so.0': elfFile({ needed: ['libc.so.6'], note: 'libpthread' }),
  // Nobody needs it, so it is not in a manifest.
  'gramine/runtime/glibc/libnss_dns.so.2': elfFile({ note: 'libnss_dns' }),
  // What Gramine brings goes before what the system has.
  'libraries/libc.so.6': elfFile({ note: 'another libc' }),
  'libraries/libgcc_s.so.1': elfFile({ needed: ['libc.so.6'], note: 'libgcc' }),
  'libraries/libstdc++.so.6': elfFile({ needed: ['libm.so.6', 'libgcc_s.so.1'], note: 'libstdc++' }),
};

const pinned = {
  version: '24.0.0',
  digests: [{ architecture: 'linux-x64' as const, sha256: new Uint8Array(Buffer.from(sha256Of(interpreter), 'hex')) }],
};
const manifest = manifestFields(pinned, {
  name: 'vault',
  productId: 7,
  securityVersion: 2,
  threads: 4,
  heapSizeBytes: 64n * 1024n * 1024n,
  limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 16, maxPendingCalls: 16, maxDepth: 4 },
});

/** A folder with an image, a Gramine and libraries, none of which can be run. */
export interface Machine {
  readonly folder: string;
  readonly at: (path: string) => string;
  readonly write: (path: string, content: Uint8Array | string) => void;
  readonly read: (path: string) => string;
  /** `enclos gramine manifest` with what this machine has. */
  readonly run: (...argv: readonly string[]) => Promise<Ran>;
  /** What `gramine-sgx-sign` leaves behind: the manifest in another form, with defaults, and its signature. */
  readonly sign: (changes?: Partial<SigstructFields>) => void;
}

export interface MachineOptions {
  readonly manifest?: Partial<EnclaveManifest>;
  /** Instead of the interpreter. */
  readonly program?: ProgramSettings;
  /** Fields of the signature of the image. */
  readonly signature?: Partial<SigstructFields>;
}

const key = loadSigningKey(signingKey());
const date = new Date('2026-01-31');

export function machine(options: MachineOptions = {}): Machine {
  const folder = temporaryFolder();
  const at = (path: string): string => join(folder, path);
  const write = (path: string, content: Uint8Array | string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  };
  const bundle = new TextEncoder().encode('() => undefined');
  const { interpreter: pinnedOne, ...shared } = manifest;
  const execution = options.program === undefined ? { interpreter: pinnedOne } : { program: options.program };
  const image = layOutImage({ manifest: { ...shared, ...execution, ...options.manifest }, bundle, files: [] });
  const fields = parseSigstruct(signEnclave({ image, key, date }));
  write('vault.sgxs', image);
  write('vault.sig', signSigstruct({ ...fields, ...options.signature }, key));
  write('interpreter', interpreter);
  for (const [path, content] of Object.entries(libraries)) write(path, content);
  return {
    folder,
    at,
    write,
    read: (path) => readFileSync(at(path), 'utf8'),
    run(...argv) {
      const here = { '--gramine': 'gramine', '--libraries': 'libraries', '--interpreter': 'interpreter' };
      const missing = Object.entries(here).filter(([option]) => !argv.includes(option));
      return enclos(['gramine', 'manifest', 'vault.sgxs', ...missing.flat(), ...argv], { cwd: folder });
    },
    sign(changes = {}) {
      const parsed = parse(readFileSync(at('out/vault.manifest'), 'utf8')) as { readonly sgx: object };
      const defaults = { enable_stats: false, cpu_features: { avx: 'unspecified', mpx: 'disabled' } };
      write('out/vault.manifest.sgx', stringify({ ...parsed, sgx: { ...parsed.sgx, ...defaults } }));
      const gramineFields = { ...fields, enclaveHash: new Uint8Array(32).fill(0x6a), ...changes };
      write('out/vault.sig', signSigstruct(gramineFields, key));
    },
  };
}
