import { readFileSync } from 'node:fs';
import { signEnclave } from '@enclos/build';
import { toHex, utf8 } from '@enclos/codec';
import { defineInterface, func, string, type Interface } from '@enclos/edl';
import { interfaceDigest, layOutImage, programInterface, type ProgramManifest } from '@enclos/manifest';
import { signingKey, type SignedImage } from '@enclos/process-kit';
import { encodeGateHello, enclaveChannel } from '@enclos/tee';
import { probeProgram } from '@enclos/testkit';

/** What the probe answers: see `native/probe.c` of the testkit. */
export const probeInterface = defineInterface({
  name: 'probe',
  trusted: { ask: func({ command: string({ maxBytes: 512 }) }, string({ maxBytes: 16_000 })) },
  untrusted: {},
});

export interface ProbeImage extends SignedImage {
  readonly manifest: ProgramManifest;
}

export interface ProbeVariant {
  /** Default: that of the probe. */
  readonly interface?: Interface;
  /** Default: `serve`, with what it has to say. */
  readonly arguments?: readonly string[];
  readonly manifest?: Partial<Omit<ProgramManifest, 'program'>>;
  readonly program?: Partial<ProgramManifest['program']>;
  /** Default: the probe. */
  readonly bytes?: Uint8Array;
}

/** The image of the probe, signed. */
export function probeImage(variant: ProbeVariant = {}): ProbeImage {
  const digest = interfaceDigest(variant.interface ?? probeInterface);
  const name = 'probe';
  const greeting = toHex(encodeGateHello({ name, interfaceDigest: digest }));
  const manifest: ProgramManifest = {
    name,
    productId: 1,
    securityVersion: 1,
    debug: false,
    threads: 2,
    heapSizeBytes: 16n * 1024n * 1024n,
    interfaceDigest: digest,
    program: {
      architecture: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
      network: 'none',
      arguments: variant.arguments ?? ['serve', enclaveChannel.describe(), greeting],
      output: 'log',
      ...variant.program,
    },
    environment: [],
    trustedFiles: [],
    mounts: [],
    listen: [],
    connect: [],
    limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 16, maxPendingCalls: 16, maxDepth: 4 },
    ...variant.manifest,
  };
  const bundle = variant.bytes ?? new Uint8Array(readFileSync(probeProgram()));
  const image = layOutImage({ manifest, bundle, files: [{ path: '/greeting', content: utf8('hello') }] });
  return { image, signature: signEnclave({ image, key: signingKey('first'), date: new Date('2026-06-01') }), manifest };
}

export { programInterface };
