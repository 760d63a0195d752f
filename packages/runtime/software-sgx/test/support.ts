import { createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeKeyRequest, KeyName, KeyPolicy, PAGE_SIZE, PageFlags, writeSgxs } from '@enclos/sgx';
import type { KeyRequest, PageSpec, SigstructFields } from '@enclos/sgx';
import { sha256, signSigstruct } from '@enclos/sgx/node';
import { sigstructFields } from '@enclos/testkit';
import { createCpu, type Cpu, type LoadedEnclave, type LoadOptions } from '../src/index.ts';

/** Keys that are in the repository for everybody to read: they sign nothing but test enclaves. */
export function testKey(name: 'vendor' | 'application' | 'other'): KeyObject {
  const folder = fileURLToPath(new URL('../../test/fixtures', import.meta.url));
  return createPrivateKey(readFileSync(join(folder, `${name}-signing.test-only.pem`)));
}

export const applicationKey: KeyObject = testKey('application');
export const allBits = 0xffff_ffff_ffff_ffffn;
export const now = new Date('2026-06-01T12:00:00Z');

export function random(sizeBytes: number): Uint8Array {
  return new Uint8Array(randomBytes(sizeBytes));
}

export interface Geometry {
  readonly ssaFrameSize: number;
  readonly sizeBytes: bigint;
  readonly pages: readonly PageSpec[];
}

/** One page that begins with `text`. */
export function smallEnclave(text = 'enclave'): Geometry {
  const content = new Uint8Array(PAGE_SIZE);
  content.set(new TextEncoder().encode(text));
  return {
    ssaFrameSize: 1,
    sizeBytes: BigInt(2 * PAGE_SIZE),
    pages: [{ offset: 0n, flags: PageFlags.REG | PageFlags.R, content }],
  };
}

export function smallImage(text?: string): Uint8Array {
  return writeSgxs(smallEnclave(text));
}

/** SIGSTRUCT fields of a production enclave, debug allowed. */
export function fields(image: Uint8Array, changes: Partial<SigstructFields> = {}): SigstructFields {
  return sigstructFields({ enclaveHash: sha256(image), isvProdId: 7, isvSvn: 3, ...changes });
}

export interface EnclaveSpec {
  readonly text?: string;
  readonly key?: KeyObject;
  readonly fields?: Partial<SigstructFields>;
  readonly load?: Partial<LoadOptions>;
}

export function loadEnclave(cpu: Cpu, spec: EnclaveSpec = {}): LoadedEnclave {
  const image = smallImage(spec.text);
  const sigstruct = signSigstruct(fields(image, spec.fields), spec.key ?? applicationKey);
  return cpu.load(image, sigstruct, { debug: false, ...spec.load });
}

/** `bytes` with 0 in byte 15 would be no machine's CPUSVN; the CPU itself does not care. */
export const testCpuSvn: Uint8Array = Uint8Array.of(2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);

export interface CpuSpec {
  readonly fuses?: Uint8Array;
  readonly ownerEpoch?: Uint8Array;
  readonly cpuSvn?: Uint8Array;
  readonly provisionSigner?: Uint8Array;
}

/** A CPU with known fuses. */
export function testCpu(spec: CpuSpec = {}): Cpu {
  const fuses = spec.fuses ?? new Uint8Array(32).fill(0x11);
  const ownerEpoch = spec.ownerEpoch ?? new Uint8Array(16).fill(0x22);
  return createCpu({ cpuSvn: testCpuSvn, randomBytes: random, ...spec, fuses, ownerEpoch });
}

/** A SEAL request under signer policy, as the SDK makes it. */
export function sealRequest(changes: Partial<KeyRequest> = {}): Uint8Array {
  return encodeKeyRequest({
    keyName: KeyName.SEAL,
    keyPolicy: KeyPolicy.MRSIGNER,
    isvSvn: 3,
    cpuSvn: testCpuSvn,
    attributeMask: { flags: allBits, xfrm: 0n },
    keyId: new Uint8Array(32).fill(0x33),
    miscMask: 0xffff_ffff,
    configSvn: 0,
    ...changes,
  });
}

const base = mkdtempSync(join(tmpdir(), 'enclos-software-sgx-'));
// Each folder in it says who may enter.
chmodSync(base, 0o711);
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/** A folder that is removed at the end of the process, after every hook of a test that may still use it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(base, 'folder-'));
}

export function flipped(bytes: Uint8Array, index: number, mask = 1): Uint8Array {
  const copy = bytes.slice();
  copy[index] = (copy[index] ?? 0) ^ mask;
  return copy;
}
