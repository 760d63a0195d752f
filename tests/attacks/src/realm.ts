import {
  bootParts,
  enclaveDescriptors,
  interpreterFlags,
  loaderParts,
  loaderText,
  passingParts,
  type LoaderParts,
} from '@enclos/loader';
import { runBundleProcess } from '@enclos/testkit';

/** What an enclave's process has around a bundle, apart from the kernel: parts of the loader, and the permission model. */
export type Defence = keyof typeof without | 'permissions';

/** In place of a part of the loader: does nothing, and gives what the others need. */
const without = {
  pureModules: (require: NodeJS.Require) => (name: string) => require(name) as unknown,
  fixedBuffer: (sizeBytes: number) => new Uint8Array(sizeBytes),
  stripSockets: () => undefined,
  stripClones: () => undefined,
  stripNatives: () => undefined,
  stripEngines: () => undefined,
  closeRequests: () => undefined,
  closeModules: () => undefined,
  stripGlobals: () => undefined,
  stripProcess: () => undefined,
  closePrototypes: () => undefined,
  stripTls: () => ({ readBytes: () => undefined, minimumVersion: () => undefined }),
  pureTls: (require: NodeJS.Require) => require('node:tls') as object,
} as const;

export const defences = Object.freeze([...Object.keys(without), 'permissions']) as readonly Defence[];

export interface RealmOptions {
  readonly interpreterPath: string;
  /** The defences that are off. */
  readonly off?: readonly Defence[];
  /** A host that passes one connection: see {@link runBundleProcess}. */
  readonly passes?: boolean | undefined;
  /** The command that starts the interpreter, up to it and with it: the kernel's layers. */
  readonly command?: readonly string[];
  /** A file that is descriptor 7, as `command` may need. */
  readonly filter?: number | undefined;
}

/** The loader as it is, but for the defences that are off: only a test makes one. */
function loaderWithout(off: readonly Defence[], passes: boolean): string {
  const replaced = Object.fromEntries(Object.entries(without).filter(([name]) => off.includes(name as Defence)));
  // Each stands in for a part of the same name, with fewer parameters.
  const own = { ...loaderParts, ...bootParts, ...(passes ? passingParts : {}), ...replaced };
  const parts = own as unknown as LoaderParts;
  return loaderText(parts);
}

/**
 * Runs a script as a bundle: an expression for a function that takes what the loader gives. What it writes to its
 * platform channel is the result.
 *
 * @returns the text that it wrote until it ended, or how it died.
 */
export async function runBundle(script: string, options: RealmOptions): Promise<string> {
  const { interpreterPath, off = [], command: start = [interpreterPath], filter, passes = false } = options;
  const flags = interpreterFlags({ heapSizeBytes: 64n * 1024n * 1024n, debug: true });
  const words: readonly string[] = [
    ...start,
    ...flags.filter((flag) => flag !== '--permission' || !off.includes('permissions')),
    '-e',
    loaderWithout(off, passes),
  ];
  const { answer, errors, ending } = await runBundleProcess({
    words,
    script,
    descriptors: enclaveDescriptors,
    filter,
    passes,
  });
  if (answer.endsWith('\0')) return answer.slice(0, -1);
  throw new Error(`The bundle ended by ${ending}: ${errors}`);
}
