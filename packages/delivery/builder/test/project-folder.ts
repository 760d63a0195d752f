import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's own packages, by the paths that npm links them under. */
const ownPackages = join(dirname(fileURLToPath(import.meta.url)), '../../../../../node_modules/@enclos');

export const minimalManifest = { name: 'demo', productId: 1, securityVersion: 2 };

const interfaceModule = `
  import { defineInterface, func, string } from '@enclos/edl';
  export const demo = defineInterface({
    name: 'demo',
    trusted: { greet: func({ who: string({ maxBytes: 32 }) }, string({ maxBytes: 64 })) },
    untrusted: {},
  });
`;

/** Stands in for the trusted runtime: reports what it was given. */
const bootModule = `
  export async function boot(main, capabilities) {
    await capabilities.report(Object.keys(main).sort(), main);
  }
`;

export interface ProjectFolder {
  readonly folder: string;
  readonly write: (path: string, content: string | Uint8Array) => void;
  readonly remove: () => void;
}

/** A project in a folder of its own; `files` come on top of a manifest, an interface, a main module and a boot module. */
export function projectFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): ProjectFolder {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-build-'));
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const all: Readonly<Record<string, string | Uint8Array>> = {
    'enclave.json': JSON.stringify(minimalManifest),
    'src/demo.edl.ts': interfaceModule,
    'src/demo.enclave.ts': 'export const answer: number = 42;',
    'src/boot.js': bootModule,
    ...files,
  };
  for (const [path, content] of Object.entries(all)) write(path, content);
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(ownPackages, join(folder, 'node_modules/@enclos'));
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs `body` with a project that is removed afterwards. */
export async function withProject<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  body: (project: ProjectFolder) => Promise<T>,
): Promise<T> {
  const project = projectFolder(files);
  try {
    return await body(project);
  } finally {
    project.remove();
  }
}

export const testBoot = { bootModule: './src/boot.js' };
