import { exercise, exercisePassed } from './exercise.ts';
import { runBundle, type RealmOptions } from './realm.ts';
import { hook, walk, type Walked } from './walk.ts';

export interface WalkOptions extends RealmOptions {
  /** More roots, as members of an object literal: for tests of the walk. */
  readonly planted?: string;
  /** Words that the bundle's text does not have: what depends on them fails, and reaches nothing more. */
  readonly unnamed?: readonly string[];
}

/** Walks inside an enclave whose bundle has no other purpose: first as it is found, then with its builtins hooked. */
export async function walkEnclave({ planted = '', unnamed = [], ...options }: WalkOptions): Promise<Walked> {
  const script = `(function (cap) {
    const exercise = ${exercise.toString()}, exercisePassed = ${exercisePassed.toString()}, hook = ${hook.toString()}, walk = ${walk.toString()};
    const modules = 'assert async_hooks buffer crypto events path querystring stream stream/consumers stream/promises stream/web ' +
      'string_decoder timers timers/promises tls url util util/types zlib';
    const roots = [{ value: globalThis, path: 'globalThis' }, { value: cap, path: 'cap' }, { value: { ${planted} }, path: 'planted' }];
    const guarded = (run) => { try { return run() } catch (error) { return error } };
    for (const name of modules.split(' ')) roots.push({ value: guarded(() => cap.require(name)), path: name });
    const keep = (root) => { if (roots.length < 40000) roots[roots.length] = root };
    const { EventEmitter } = cap.require('events'), stream = cap.require('stream');
    const TLSSocket = guarded(() => cap.require('tls').TLSSocket);
    const targets = { Object, Reflect, Array: Array.prototype, Map: Map.prototype, Set: Set.prototype, WeakMap: WeakMap.prototype,
      Promise, then: Promise.prototype, JSON, Symbol, Error, String: String.prototype, RegExp: RegExp.prototype, EventEmitter,
      emitter: EventEmitter.prototype, EventTarget: EventTarget.prototype, AbortSignal: AbortSignal.prototype,
      Readable: stream.Readable.prototype, Writable: stream.Writable.prototype, Duplex: stream.Duplex.prototype,
      Transform: stream.Transform.prototype, TLSSocket: TLSSocket.prototype ?? {}, gate: Object.getPrototypeOf(cap.gate),
      ReadableStream: ReadableStream.prototype, WritableStream: WritableStream.prototype, Blob: Blob.prototype,
      Function: Function.prototype, Uint8Array: Object.getPrototypeOf(Uint8Array.prototype), Buffer, URL: URL.prototype };
    const run = async () => {
      const passed = await new Promise((done) => (cap.passage ? cap.passage.start((frame, socket) => { keep({ value: frame, path: 'frame' }); done(socket) }) : done()));
      if (passed) Object.assign(targets, { passed: Object.getPrototypeOf(passed), socket: Object.getPrototypeOf(Object.getPrototypeOf(passed)) });
      keep({ value: passed, path: 'passed' });
      const use = async () => {
        await exercise(cap, keep);
        if (passed) await exercisePassed(cap, passed, keep);
      };
      await use();
      const unhook = hook(targets, keep);
      try { await use() } finally { unhook() }
      return walk(roots, cap.gate._handle);
    };
    const send = (result) => cap.platform.write(JSON.stringify(result) + '\\0');
    run().then(send, (error) => send({ hits: ['failed: ' + error.stack], handles: [], objects: 0 }));
  })`;
  const text = unnamed.reduce((all, word) => all.replaceAll(word, word.toUpperCase()), script);
  // Written by the text above.
  return JSON.parse(await runBundle(text, options)) as Walked;
}
