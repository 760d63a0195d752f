import type { BootCapabilities } from '@enclos/enclave/boot';

/** An attempt succeeds by giving anything but undefined: a word on what it got. */
export type Attempt = () => unknown;
export type Attempts = Readonly<Record<string, Attempt>>;

interface Stolen {
  capabilities?: BootCapabilities;
}

/** What the whole bundle got from the loader. */
export const stolen: Stolen = {};

export function capabilities(): BootCapabilities {
  if (stolen.capabilities === undefined) throw new Error('Nothing was stolen yet.');
  return stolen.capabilities;
}

/** The loader's `require`, which bundled code has under another name. */
export function requireOf(name: string): Record<string, unknown> {
  const loaded: unknown = call(Reflect.get(capabilities(), 'require'), undefined, name);
  return loaded as Record<string, unknown>;
}

/** Members by name on anything, past every type. */
export function member(of: unknown, ...path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (at === undefined || at === null ? undefined : Reflect.get(objectOf(at), name)),
    of,
  );
}

/** Anything, to look at its members. */
export function objectOf(value: unknown): object {
  return Object(value) as object;
}

export function call(target: unknown, on: unknown, ...args: readonly unknown[]): unknown {
  if (typeof target !== 'function') throw new TypeError('It is not there.');
  return Reflect.apply(target, on, args);
}

export function construct(target: unknown, ...args: readonly unknown[]): unknown {
  if (typeof target !== 'function') throw new TypeError('It is not there.');
  return Reflect.construct(target, args);
}

/** The names under which there is something. */
export function present(of: unknown, names: readonly string[]): string | undefined {
  const found = names.filter((name) => member(of, name) !== undefined);
  return found.length === 0 ? undefined : found.join(' ');
}
