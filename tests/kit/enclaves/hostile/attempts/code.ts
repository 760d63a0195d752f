import { call, construct, member, objectOf, type Attempts } from '../stolen.ts';

const functionOf = (sample: unknown): unknown => member(sample, 'constructor');

/** The preface of the bundle leaves what only code outside the build can say: see hostile-image.ts. */
function preface(name: string): unknown {
  return member(globalThis, 'hostilePreface', name);
}

/** New code from text, and code from elsewhere. */
export const codeAttempts: Attempts = {
  eval: () => call(member(globalThis, 'eval'), undefined, '1 + 1'),
  'Function constructor': () =>
    call(
      construct(
        functionOf(() => 0),
        'return 1 + 1',
      ),
      undefined,
    ),
  'AsyncFunction constructor': () =>
    call(
      construct(
        functionOf(async () => 0),
        'return 1',
      ),
      undefined,
    ),
  'GeneratorFunction constructor': () =>
    construct(
      functionOf(function* () {}),
      'yield 1',
    ),
  'AsyncGeneratorFunction constructor': () =>
    construct(
      functionOf(async function* () {}),
      'yield 1',
    ),
  'Function constructor through its prototype': () =>
    call(construct(member(Function, 'prototype', 'constructor'), 'return 1'), undefined),
  'Function constructor of the interpreter': () =>
    call(construct(functionOf(member(globalThis, 'setTimeout')), 'return 1'), undefined),
  'indirect eval': () => call(preface('eval'), undefined, '1 + 1'),
  'a module of a data URL as JSON': () => call(preface('importJson'), undefined, 'data:application/json,1'),
  'setInterval with text': () => call(member(globalThis, 'setInterval'), undefined, 'globalThis.late = 1', 0),
  'Function constructor through require': () =>
    call(call(member(preface('capabilities'), 'require', 'constructor'), undefined, 'return 1'), undefined),
  'setTimeout with text': () => call(member(globalThis, 'setTimeout'), undefined, 'globalThis.late = 1', 0),
  'import of a data URL': () => call(preface('import'), undefined, 'data:text/javascript,export default 1'),
  'import of node:fs': () => call(preface('import'), undefined, 'node:fs'),
  'import of node:net': () => call(preface('import'), undefined, 'node:net'),
  'import of a file': () => call(preface('import'), undefined, 'file:///etc/passwd'),
  'import of a blob': () =>
    call(
      preface('import'),
      undefined,
      URL.createObjectURL(new Blob(['export default 1'], { type: 'text/javascript' })),
    ),
  'global require': () => preface('globalRequire') ?? member(globalThis, 'require'),
  'global module': () => preface('globalModule') ?? member(globalThis, 'module'),
  'caller of the bundle': () => preface('caller'),
  'arguments of a function on the stack': () => preface('stackArguments'),
  'this of a function on the stack': () => preface('stackThis'),
  'members of require': () => {
    const names = Reflect.ownKeys(objectOf(member(preface('capabilities'), 'require'))).filter(
      (name) => name !== 'length' && name !== 'name',
    );
    return names.length === 0 ? undefined : names.join(' ');
  },
  'more WebAssembly memory than the heap': () =>
    member(construct(member(globalThis, 'WebAssembly', 'Memory'), { initial: 65 * 16 }), 'buffer', 'byteLength'),
};
