import { call, member, requireOf, type Attempts } from '../stolen.ts';

/** Whether a member of a shared prototype can be added or replaced: then the interpreter's own objects pass through it. */
function plant(prototype: object, name: string): string | undefined {
  const before = Object.getOwnPropertyDescriptor(prototype, name);
  Object.defineProperty(prototype, name, { get: () => undefined, configurable: true });
  if (before === undefined) Reflect.deleteProperty(prototype, name);
  else Object.defineProperty(prototype, name, before);
  return `planted ${name}`;
}

/** The interpreter's own code, made to give objects away. */
export const hookAttempts: Attempts = {
  'a getter on Object.prototype': () => plant(Object.prototype, 'domain'),
  'a getter on Function.prototype': () => plant(Function.prototype, 'handle'),
  'a getter on Array.prototype': () => plant(Array.prototype, 'handle'),
  'another Function.prototype.call': () => plant(Function.prototype, 'call'),
  'another Function.prototype.apply': () => plant(Function.prototype, 'apply'),
  'another Function.prototype.bind': () => plant(Function.prototype, 'bind'),
  'a setter through __proto__': () =>
    call(member(Object.getOwnPropertyDescriptor(Object.prototype, '__proto__'), 'get'), {}),
  'functions in a stack trace': () => {
    const found: unknown[] = [];
    const original: unknown = Reflect.get(Error, 'prepareStackTrace');
    Error.prepareStackTrace = (_, sites) => {
      for (const site of sites) found.push(site.getFunction(), site.getThis());
      return '';
    };
    try {
      void new Error('stack').stack;
    } finally {
      Reflect.set(Error, 'prepareStackTrace', original);
    }
    return found.find((value) => value !== undefined && value !== null);
  },
  'a domain': () => requireOf('domain'),
  'a name with a path in it': () => requireOf('../fs'),
  'a name of Object.prototype': () => requireOf('constructor'),
  'a name that is not text': () => call(member(requireOf('events'), 'missing'), undefined),
  'a frozen process': () => {
    const mine = { binding: () => 1 };
    return Reflect.defineProperty(globalThis, 'process', { value: mine }) ? 'replaced' : undefined;
  },
};
