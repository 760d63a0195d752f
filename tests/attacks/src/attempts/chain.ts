import type { Attempt } from '../attempt.ts';

/** A message port from a transferred stream; a module that loads late, for its message; a client of HTTP; a connection. */

const portOfStream = `
  const spy = seen(EventTarget.prototype, 'addEventListener');
  const emitted = guarded(() => { const stream = new ReadableStream(); structuredClone(stream, { transfer: [stream] }) });
  spy.restore();
  const channelPort = spy.found.find((value) => has(value, 'postMessage'));
`;

export const chainAttempts: readonly Attempt[] = [
  {
    name: 'a message port, as a stream is transferred',
    source: `${portOfStream} return channelPort && 'a message port'`,
    closedBy: ['stripClones', 'stripNatives'],
  },
  {
    name: 'a message port, as a signal is transferred',
    source: `const signal = cap.require('util').transferableAbortController().signal;
      const symbol = chainOf(signal).flatMap(Object.getOwnPropertySymbols).find((s) => /transfer_list/.test(s.description));
      return symbol && has(signal[symbol]()[0], 'postMessage') && 'a message port'`,
    closedBy: ['stripClones', 'stripNatives'],
  },
  {
    name: 'a module that loads late, for a message',
    source: `${portOfStream}
      if (!channelPort) return;
      globalThis.MessagePort = function () {};
      const symbol = chainOf(channelPort).flatMap(Object.getOwnPropertySymbols).find((s) => s.description === 'kCreateEvent');
      guarded(() => channelPort[symbol](1, 'message'));
      return Object.getOwnPropertySymbols(globalThis).find((s) => /undici.globalDispatcher/.test(s.description)) && 'a client of HTTP'`,
    closedBy: ['stripClones', 'closeModules'],
    reachedBy: ['stripNatives'],
  },
  {
    name: 'a connection of that client',
    source: `${portOfStream}
      if (!channelPort) return;
      const symbol = chainOf(channelPort).flatMap(Object.getOwnPropertySymbols).find((s) => s.description === 'kCreateEvent');
      guarded(() => channelPort[symbol](1, 'message'));
      const key = Object.getOwnPropertySymbols(globalThis).find((s) => /undici.globalDispatcher/.test(s.description));
      if (!key) return;
      // Names that are not in the text: a bundle that names the classes of an HTTP client has it loaded.
      const on = (what, then) => ({ ['onRe' + what]: then });
      const answered = (done) => () => (done('an answer of the network'), true);
      return new Promise((done) => globalThis[key].dispatch({ origin: 'http://127.0.0.1:' + port, path: '/', method: 'GET' }, {
        ...on('questStart', () => undefined), ...on('sponseStart', answered(done)), ...on('sponseData', () => undefined),
        ...on('sponseEnd', () => undefined), ...on('sponseError', () => done(undefined)),
        onConnect() {}, ['onHe' + 'aders']: answered(done), onData: () => true, onComplete() {}, onError() { done(undefined) } }))`,
    closedBy: ['stripClones', 'closeModules', 'stripNatives'],
    reachedBy: ['stripProcess', 'stripSockets'],
  },
];
