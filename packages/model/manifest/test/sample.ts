import { pinnedInterpreter, type InterpreterManifest, type ProgramManifest } from '../src/index.ts';

/** A manifest that breaks no rule; tests change one field. */
export const sampleManifest: InterpreterManifest = {
  name: 'sample',
  productId: 1,
  securityVersion: 2,
  debug: false,
  threads: 4,
  heapSizeBytes: 32n * 1024n * 1024n,
  interfaceDigest: new Uint8Array(32).fill(7),
  interpreter: pinnedInterpreter,
  environment: [{ name: 'MODE', value: 'test' }, { name: 'REGION' }],
  trustedFiles: [{ path: '/model.bin', sha256: new Uint8Array(32), sizeBytes: 10n }],
  mounts: [{ target: '/data', kind: 'host', readOnly: false, maxBytes: 1000n }],
  listen: [{ name: 'https', port: 8443, transport: 'relayed' }],
  connect: [{ name: 'peer', host: 'peer.example', port: 443, transport: 'relayed' }],
  limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 16, maxPendingCalls: 16, maxDepth: 4 },
};

/** The same, whose streams need not be relayed. */
export const passingManifest: InterpreterManifest = {
  ...sampleManifest,
  listen: sampleManifest.listen.map((stream) => ({ ...stream, transport: 'passed' })),
  connect: sampleManifest.connect.map((stream) => ({ ...stream, transport: 'either' })),
};

const { interpreter: _, ...shared } = passingManifest;

/** The manifest of a program. */
export const programManifest: ProgramManifest = {
  ...shared,
  program: { architecture: 'linux-x64', network: 'declared', arguments: ['-v', ''], output: 'log' },
};

/** The manifest of an enclave with a companion. */
export const companionManifest: InterpreterManifest = {
  ...sampleManifest,
  companions: [
    {
      name: 'engine',
      processes: 2,
      memoryBytes: 64n * 1024n * 1024n,
      threads: 4,
      addons: true,
      files: [{ path: 'engine.node', sha256: new Uint8Array(32).fill(5), sizeBytes: 1n }],
    },
  ],
};
