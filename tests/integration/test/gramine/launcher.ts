import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toHex } from '@enclos/codec';
import { gramineArguments, gramineProgram } from '@enclos/gramine';
import { verifyInterpreter } from '@enclos/isolation';
import { readImage } from '@enclos/manifest';
import { parseSigstruct, mrSignerOf } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import type { Launcher } from '@enclos/tee';
import { createGramineLauncher, gramineManifest } from '@enclos/tee/gramine-host';
import type { SignedImage } from '@enclos/process-kit';
import type { FakeGramine } from './fake-machine.ts';

export interface GramineHostOptions {
  /** A folder of its own. */
  readonly folder: string;
  readonly signed: SignedImage;
  /** Default: what a machine would have for this image. */
  readonly fake?: Partial<FakeGramine> | undefined;
  /** Where everything goes that the process prints. Default: to the launcher. */
  readonly output?: string | undefined;
}

/** Seal keys of one machine: the same for the same identity, as those of a processor. */
export function fixedKeys(mrEnclave: string, mrSigner: string, isvSvn: number): FakeGramine['keys'] {
  const key = (text: string): string => toHex(sha256(new TextEncoder().encode(`${text} ${isvSvn}`))).slice(0, 32);
  return { _sgx_mrenclave: key(mrEnclave), _sgx_mrsigner: key(mrSigner) };
}

/** Who an image is in the fake, whose measurement is the image's own. */
export function fakeOf({ signature }: SignedImage): FakeGramine {
  const { enclaveHash, modulus, isvProdId, isvSvn, attributes } = parseSigstruct(signature);
  const [mrEnclave, mrSigner] = [toHex(enclaveHash), toHex(mrSignerOf(modulus, sha256))];
  const body = { mrEnclave, mrSigner, isvProdId, isvSvn, debug: (attributes.flags & 2n) !== 0n };
  return { body, attestationType: 'dcap', keys: fixedKeys(mrEnclave, mrSigner, isvSvn) };
}

/**
 * A launcher as for Gramine, with everything as it would be but Gramine itself: the manifest that `gramineManifest` writes
 * for the program of `@enclos/gramine`, the pinned interpreter and the image, and in the place of `gramine-sgx` the program
 * gramine-sgx.program.ts.
 */
export async function gramineLauncher({ folder, signed, fake, output }: GramineHostOptions): Promise<Launcher> {
  const interpreter = await verifyInterpreter();
  const imagePath = join(folder, 'enclave.sgxs');
  const programPath = join(folder, 'enclos-gramine.mjs');
  writeFileSync(imagePath, signed.image);
  copyFileSync(gramineProgram, programPath);
  const image = readImage(signed.image);
  const file = (path: string) => ({ path, sha256: sha256(readFileSync(path)) });
  const manifest = gramineManifest({
    // Gramine's own, which does not exist here; nothing of it is run.
    libos: { path: '/gramine/libsysdb.so', sha256: new Uint8Array(32) },
    interpreter: { path: interpreter.path, sha256: interpreter.sha256 },
    image: file(imagePath),
    trustedFiles: [file(programPath)],
    arguments: gramineArguments({ programPath, imagePath, manifest: image.manifest }),
    enclaveSizeBytes: 2 ** 31,
    threads: 32,
    debug: image.manifest.debug,
    productId: image.manifest.productId,
    securityVersion: image.manifest.securityVersion,
  });
  return launcherWith(new TextEncoder().encode(manifest), { folder, signed, fake, output });
}

/** The same for a manifest that is there already. */
export function launcherWith(manifest: Uint8Array, { folder, signed, fake, output }: GramineHostOptions): Launcher {
  return createGramineLauncher({
    manifest,
    command: commandIn(folder, output),
    environment: { FAKE_GRAMINE: JSON.stringify({ ...fakeOf(signed), ...fake }) },
    startTimeoutMs: 30_000,
  });
}

/** The launcher wants the name of a program. */
function commandIn(folder: string, output: string | undefined): string {
  const program = fileURLToPath(new URL('gramine-sgx.program.js', import.meta.url));
  const path = join(folder, 'gramine-sgx');
  const redirection = output === undefined ? '' : ` >'${output}' 2>&1`;
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"${redirection}\n`, { mode: 0o755 });
  return path;
}
