import type { ProgramManifest } from '@enclos/manifest';
import type { EgoConfig } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/config.ts';
import { manifestOf } from '../../src/signed/manifest.ts';
import type { SignedProgram } from '../../src/signed/signed-program.ts';

function config(more: object = {}): EgoConfig {
  return parseConfig('/project/enclave.json', JSON.stringify({ exe: 'server', key: 'k.pem', heapSize: 64, ...more }));
}

export function manifest(more: object = {}): ProgramManifest {
  return manifestOf(config(more), 'linux-x64');
}

/** The bytes only have the size of what they stand for. */
export function signedProgram(more: Partial<SignedProgram> = {}): SignedProgram {
  return {
    program: new Uint8Array(5000).fill(7),
    signature: new Uint8Array(1808).fill(1),
    manifest: manifest(),
    files: [{ path: '/etc/file', content: new Uint8Array([1, 2, 3]) }],
    host: {
      folders: [{ target: '/data', source: 'state' }],
      defaults: [{ name: 'LANG', value: 'C' }],
    },
    ...more,
  };
}
