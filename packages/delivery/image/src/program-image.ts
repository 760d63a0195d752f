import { readFile, realpath } from 'node:fs/promises';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { sha256 } from '@enclos/sgx/node';
import { interpreterPackage, type ApplicationFile } from './application.ts';
import { interpreterPath, type Architecture } from './base/base.ts';
import { interpreterLibraries } from './base/interpreter-libraries.ts';
import { withFolders } from './tar/with-folders.ts';
import { compose, type ComposeContext, type ComposedContent } from './compose.ts';
import type { LayoutWriter } from './oci/layout-writer.ts';
import type { Component } from './statements/component.ts';
import { relayIfBuilt } from './relay-files.ts';
import { stubIfBuilt } from './signed/stub-files.ts';
import { bytesContent, type LayerEntry } from './tar/entry.ts';

/** A program without an enclave: a service of a cluster. */
export interface ProgramApplication {
  /** The name of the image and of its program: `/app/NAME.mjs`. */
  readonly name: string;
  /** One ES module. */
  readonly script: Uint8Array;
  /** Number of user and group. */
  readonly user: number;
  /** Files beside the program, relative to `/app`. */
  readonly files?: readonly ApplicationFile[];
  /** Programs of this machine that it starts, absolute. They get the same place in the image, with the libraries that they need. */
  readonly machinePrograms?: readonly string[];
  /** It starts enclaves: their interpreter, and the stub of signed enclaves where there is one, have to be where the platform looks for them. */
  readonly startsEnclaves?: boolean;
  /** The components of the program. */
  readonly components?: readonly Component[];
}

/** Puts a program on a base, as `compose` does. @throws OCI_BASE_UNUSABLE, OCI_LIBRARY_MISSING */
export async function composeProgramImage(
  program: ProgramApplication,
  context: ComposeContext,
  writer: LayoutWriter,
): Promise<ComposedContent> {
  const { name, script, user, files = [], startsEnclaves = false, components = [] } = program;
  const { architecture, base } = context;
  const place = `/app/${name}.mjs`;
  const inBase = new Set(base.components.map(({ location }) => location));
  const machine = (await machineFiles(program.machinePrograms ?? [], architecture)).filter(
    ({ path }) => !inBase.has(path),
  );
  const entries = withFolders([
    { kind: 'file', path: place.slice(1), mode: 0o644, content: bytesContent(script) },
    ...files.map(fileEntry),
    ...machine.map(({ path, bytes }): LayerEntry => ({
      kind: 'file',
      path: path.slice(1),
      mode: 0o755,
      content: bytesContent(bytes),
    })),
    ...(startsEnclaves ? interpreterPackage(architecture) : []),
    ...(startsEnclaves ? await nativeFiles(architecture) : []).map(fileEntry),
  ]);
  const content = {
    name,
    entries,
    user,
    environment: (program.machinePrograms ?? []).length === 0 ? [] : ['PATH=/usr/local/bin:/usr/bin'],
    entrypoint: [interpreterPath, place],
    labels: {},
    components: [
      { type: 'application', name, sha256: toHex(sha256(script)), location: place } as const,
      ...machine.map(({ component }) => component),
      ...components,
    ],
  };
  const { environment, ...rest } = base;
  // Engines differ in how they read a variable that is set twice.
  const free = environment.filter((one) => !content.environment.some((own) => nameOf(own) === nameOf(one)));
  return compose(content, { ...context, base: { ...rest, environment: free } }, writer);
}

/** What runs other enclaves than those of the interpreter, where it was built. */
async function nativeFiles(architecture: Architecture): Promise<readonly ApplicationFile[]> {
  return [...(await stubIfBuilt(architecture)), ...(await relayIfBuilt(architecture))];
}

const fileEntry = ({ path, content }: ApplicationFile): LayerEntry => ({
  kind: 'file',
  path: `app/${path}`,
  mode: 0o644,
  content,
});

const nameOf = (variable: string): string => variable.slice(0, variable.indexOf('='));

interface MachineFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly component: Component;
}

/** Programs and their libraries, each once, and read once: what was hashed is what is packed. */
async function machineFiles(programs: readonly string[], architecture: Architecture): Promise<readonly MachineFile[]> {
  const sources = new Map<string, { readonly source: string; readonly type: Component['type'] }>();
  for (const path of programs) {
    sources.set(path, { source: await realProgram(path), type: 'application' });
    for (const { source, path: library } of interpreterLibraries(path, { architecture })) {
      sources.set(library, { source, type: 'library' });
    }
  }
  return Promise.all(
    [...sources].map(async ([path, { source, type }]) => {
      const bytes = new Uint8Array(await readFile(source));
      const name = path.slice(path.lastIndexOf('/') + 1);
      return { path, bytes, component: { type, name, sha256: toHex(sha256(bytes)), location: path } };
    }),
  );
}

async function realProgram(path: string): Promise<string> {
  return realpath(path).catch((cause: unknown) => {
    throw new EnclosError('OCI_BASE_UNUSABLE', `There is no ${path} on this machine.`, { details: { path }, cause });
  });
}
