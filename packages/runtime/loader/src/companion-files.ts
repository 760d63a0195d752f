/** The files of a companion. */
export interface CompanionFileList {
  /** Where they are. */
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
}

/** What a companion does with its files, and with no others. */
export interface CompanionFiles {
  readonly readFile: (path: string) => Uint8Array;
  /** As native code. The interpreter refuses without `--allow-addons`. */
  readonly loadAddon: (path: string) => unknown;
}

/**
 * A part of the loader of a companion: functions that outlive what the loader takes away. The permission model of the interpreter and the
 * file view bound them too. Like the other parts it is turned into text on its own.
 */
export function companionFiles(require: NodeJS.Require, { folder, files }: CompanionFileList): CompanionFiles {
  const { internalBinding } = require('internal/test/binding') as {
    readonly internalBinding: (name: string) => object;
  };
  // Methods of the interpreter, which are called with what they belong to.
  const members = process as unknown as Readonly<Record<string, unknown>>;
  const own = process;
  const natives = internalBinding('fs') as Readonly<Record<string, unknown>>;
  // The functions of the language that are used later: the script may replace them.
  const Bytes = Uint8Array;
  const Failure = Error;
  const { apply } = Reflect;
  const methodOf = (
    object: Readonly<Record<string, unknown>>,
    name: string,
  ): ((...args: readonly unknown[]) => number) => {
    const method = object[name];
    if (typeof method !== 'function') throw new Failure(`The interpreter has no ${name}.`);
    return method as () => number;
  };
  const dlopen = methodOf(members, 'dlopen');
  const [open, read, close] = [methodOf(natives, 'open'), methodOf(natives, 'read'), methodOf(natives, 'close')];
  const call = (method: (...args: readonly unknown[]) => number, on: unknown, args: unknown[]): number =>
    apply(method, on, args);
  const sizes = Object.create(null) as Record<string, number>;
  for (const { path, sizeBytes } of files) sizes[path] = sizeBytes;
  const placeOf = (path: string): string => {
    if (typeof path !== 'string' || sizes[path] === undefined) throw new Failure('This companion has no such file.');
    return `${folder}/${path}`;
  };
  return {
    readFile(path) {
      const descriptor = call(open, undefined, [placeOf(path), 0, 0]);
      try {
        const bytes = new Bytes(sizes[path] ?? 0);
        for (let at = 0; at < bytes.length;) {
          const count = call(read, undefined, [descriptor, bytes, at, bytes.length - at, -1]);
          if (count === 0) throw new Failure('The file is shorter than its manifest says.');
          at += count;
        }
        return bytes;
      } finally {
        call(close, undefined, [descriptor]);
      }
    },
    loadAddon(path) {
      const loaded: { readonly exports: unknown } = { exports: {} };
      call(dlopen, own, [loaded, placeOf(path)]);
      return loaded.exports;
    },
  };
}
