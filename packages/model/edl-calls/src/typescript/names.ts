import { EnclosError } from '@enclos/errors';

/** Words that cannot name a type or a constant in a module of TypeScript, and types that a generated module uses. */
const taken = [
  ...'abstract any as asserts async await bigint boolean break case catch class const continue debugger declare default delete'.split(
    ' ',
  ),
  ...'do else enum export extends false finally for from function get if implements import in infer instanceof interface is'.split(
    ' ',
  ),
  ...'keyof let module namespace never new null number object of package private protected public readonly require return set'.split(
    ' ',
  ),
  ...'static string super switch symbol this throw true try type typeof undefined unique unknown var void while with yield'.split(
    ' ',
  ),
  ...'arguments eval globalThis Array Object Promise Pick Infinity NaN Uint8Array Int16Array Uint16Array Int32Array'.split(
    ' ',
  ),
  // The rest of what a generated module uses of the language.
  ...'Uint32Array BigInt64Array BigUint64Array Float32Array Float64Array'.split(' '),
];

const identifier = /^[A-Za-z_]\w{0,1023}$/;

/**
 * Requires a name of C. Text from a model reaches code only through here, as a checked number, or as JSON.
 * @throws EDL_INVALID_INTERFACE
 */
export function requireName(name: string, what: string): string {
  // A property of this name is the prototype of its object, and C keeps names with two underscores for itself.
  return identifier.test(name) && name !== '__proto__' ? name : refuseName(name, what);
}

/** @throws EDL_INVALID_INTERFACE */
export function refuseName(name: string, what: string): never {
  const shown = JSON.stringify(name.slice(0, 100));
  throw new EnclosError('EDL_INVALID_INTERFACE', `${shown} cannot name ${what} in TypeScript.`);
}

/** The names of one module: each is given out once. */
export interface ModuleNames {
  /**
   * @returns the name, with underscores at its end while it is taken
   * @throws EDL_INVALID_INTERFACE
   */
  readonly claim: (name: string, what: string) => string;
}

export function createModuleNames(): ModuleNames {
  const used = new Set(taken);
  return {
    claim(name, what) {
      let free = requireName(name, what);
      while (used.has(free)) free += '_';
      used.add(free);
      return free;
    },
  };
}

/** `file_encryptor` becomes `FileEncryptor`. */
export function pascalCase(name: string): string {
  const words = name.split('_').filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
