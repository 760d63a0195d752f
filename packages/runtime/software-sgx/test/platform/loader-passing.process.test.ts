import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { passingParts } from '@enclos/loader';
import type { EnclavePassage, PassedSocket } from '@enclos/tee/passage';
import { runLoader, type LoaderPart, type StandIns } from './run-loader.ts';

/** What a bundle can do with a connection that its host passed, under the loader alone, with a defence and without it. */
interface Row {
  readonly what: string;
  readonly body: string;
  /** What is off the second time. */
  readonly skip?: readonly LoaderPart[];
  readonly standIns?: StandIns;
  readonly answers: readonly [unknown, unknown];
}

/** A context for a server, which no client gets to use. */
const wraps = `const tls = cap.require('node:tls'), secureContext = tls.createSecureContext({ ca: [] });
  const wrap = (socket) => {
    try { return new tls.TLSSocket(socket, { isServer: true, secureContext }).on('error', () => undefined).encrypted }
    catch (error) { return error.message }
  };`;

/** As it must not be done: the getter of the class of all pipes and connections accepts every one of them. */
const byClass: StandIns = {
  stripTls: (require: NodeJS.Require): object => {
    const { internalBinding } = require('internal/test/binding') as { internalBinding: (name: string) => object };
    const { createSecureContext } = require('node:tls') as typeof import('node:tls');
    const Pipe = Reflect.get(internalBinding('pipe_wrap'), 'Pipe') as { readonly prototype: object };
    const streams = Object.getPrototypeOf(Pipe.prototype) as object;
    const context = Reflect.get(createSecureContext({ ca: [] }), 'context') as object;
    return {
      readBytes: Reflect.get(Object.getOwnPropertyDescriptor(streams, 'bytesRead') ?? {}, 'get') as unknown,
      minimumVersion: Reflect.get(context, 'getMinProto') as unknown,
    };
  },
};

const rows: readonly Row[] = [
  {
    what: 'TLS over the gate',
    body: `${wraps} return wrap(cap.gate)`,
    standIns: byClass,
    answers: ['Illegal invocation', true],
  },
  {
    what: 'TLS over the gate in the place of a passed socket',
    body: `${wraps} const socket = await passed(), { _handle } = socket;
      socket._handle = cap.gate._handle;
      const got = wrap(socket);
      socket._handle = _handle;
      return got`,
    standIns: byClass,
    answers: ['Illegal invocation', true],
  },
  {
    what: 'TLS over the channel of the platform in the place of a passed socket',
    body: `${wraps} const socket = await passed(), { platform } = cap;
      // Under TLS it would not carry the answer.
      if (wrap({ __proto__: platform, _handle: platform._handle }) !== true) return wrap(platform);
      return true`,
    standIns: byClass,
    answers: ['Illegal invocation', true],
  },
  {
    what: 'methods of a handle that reach out',
    body: `const { _handle } = await passed();
      return ['open', 'bind', 'bind6', 'listen', 'connect', 'connect6', 'reset', 'getsockname', 'getpeername']
        .filter((name) => name in _handle)`,
    skip: ['stripSockets', 'stripNatives'],
    answers: [[], ['open', 'bind', 'bind6', 'listen', 'connect', 'connect6', 'reset', 'getsockname', 'getpeername']],
  },
  {
    what: 'classes of sockets and handles',
    body: `const socket = await passed();
      return [...chain(socket), ...chain(socket._handle)].filter((at) => Object.hasOwn(at, 'constructor')).map((at) => at.constructor.name)
        .filter((name) => !['Duplex', 'Readable', 'Stream', 'EventEmitter', 'Object'].includes(name))`,
    skip: ['stripSockets', 'stripNatives'],
    answers: [[], ['Socket', 'TCP', 'LibuvStreamWrap', 'HandleWrap', 'AsyncWrap']],
  },
  {
    what: 'new members of the classes of handles',
    body: `const { _handle } = await passed();
      return chain(_handle).slice(1, -1).map((at) => Object.isFrozen(at))`,
    skip: ['stripSockets'],
    answers: [
      [true, true, true, true],
      [false, false, false, false],
    ],
  },
  {
    what: 'addresses of the host',
    body: `const socket = await passed(); return [socket.localAddress, socket.address().address]`,
    skip: ['stripNatives'],
    answers: [
      [null, null],
      ['127.0.0.1', '127.0.0.1'],
    ],
  },
];

/** Held by the compiler: what the loader gives is what the runtime takes, which is declared on a higher floor than the loader. */
const taken = (opened: ReturnType<typeof passingParts.openPassage<PassedSocket>>): EnclavePassage => opened;

describe('a passed socket, in the hands of a bundle', { concurrency: 2 }, () => {
  for (const { what, body, skip = [], standIns = {}, answers } of rows) {
    test(`gives no ${what}`, async () => {
      assert.deepEqual(await runLoader(body, { passes: true }), answers[0]);
      const [, without] = answers;
      assert.deepEqual(await runLoader(body, { passes: true, skip, standIns }), without);
    });
  }

  test('gives TLS, and what a stream gives', async () => {
    const body = `${wraps} const socket = await passed();
      const tells = ['remoteAddress', 'bytesRead', 'bytesWritten', 'allowHalfOpen', 'destroyed'].map((name) => typeof socket[name]);
      socket.setTimeout(60000).setNoDelay(true).setKeepAlive(true).write('hello');
      const [echo] = await new Promise((resolve) => socket.once('data', (...all) => resolve(all)).resume());
      socket.pause();
      return [String(echo), ...tells, typeof socket.connect, typeof socket.resetAndDestroy, wrap(socket)]`;
    assert.deepEqual(await runLoader(body, { passes: true }), [
      'hello',
      'string',
      'number',
      'number',
      'boolean',
      'boolean',
      'undefined',
      'undefined',
      true,
    ]);
  });

  for (const [what, sent] of [
    ['nothing', ''],
    ['a part of a message', '\x16\x03\x01'],
  ] as const) {
    describe(`whose peer sent ${what} and ended before anything was read`, () => {
      /** As the runtime makes it; the end is in its buffer when the body begins. */
      const ended = (body: string): Promise<unknown> => {
        const arrived = `const tls = cap.require('node:tls'), socket = await passed();
          socket.readableFlowing = null;
          while (!socket._readableState.ended) await new Promise((resolve) => setTimeout(resolve, 1));
          const events = [], watch = (stream, over) => new Promise((resolve) => {
            for (const name of ['end', 'error', 'close']) stream.on(name, () => events.push(name));
            stream.once(over, () => resolve(events));
          });`;
        return runLoader(arrived + body, { passes: true, peer: (client) => void client.end(sent, 'latin1') });
      };

      test('ends TLS that begins then, on either side', async () => {
        const client = `return watch(tls.connect({ socket, servername: 'peer.test' }), 'close')`;
        assert.deepEqual(await ended(client), ['end', 'error', 'close']);
        const server = `return watch(new tls.TLSSocket(socket, { isServer: true, secureContext: tls.createSecureContext() }), 'end')`;
        assert.deepEqual(await ended(server), ['end']);
      });

      test('tells its end to a reader that begins then', async () => {
        assert.deepEqual(await ended(`return watch(socket.resume(), 'end')`), ['end']);
      });

      test('closes when the enclave ends it and has taken what there is', async () => {
        assert.deepEqual(
          await ended(`if (socket.readableLength > 0) socket.read(); return watch(socket.end('hello'), 'close')`),
          ['end', 'close'],
        );
      });
    });
  }

  test('comes only where the loader has the parts for it', async () => {
    assert.equal(await runLoader('return cap.passage === undefined', {}), true);
  });

  test('comes through what the runtime takes', () => {
    const passage = { start: () => undefined, send: () => undefined };
    assert.equal(taken(passage), passage);
  });

  test('comes to one reader', async () => {
    assert.equal(
      await runLoader(`await passed(); return passed()`, { passes: true }),
      'Error: The passage is read already.',
    );
  });
});
