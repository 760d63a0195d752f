import { call, construct, member, present, type Attempts } from '../stolen.ts';

const url = 'http://127.0.0.1:1/';

/** Undici's HTTP client comes with the web classes; here is every way to it that is known. */
export const networkAttempts: Attempts = {
  fetch: () => call(member(globalThis, 'fetch'), undefined, url),
  WebSocket: () => construct(member(globalThis, 'WebSocket'), 'ws://127.0.0.1:1/'),
  EventSource: () => construct(member(globalThis, 'EventSource'), url),
  'other network globals': () =>
    present(globalThis, ['XMLHttpRequest', 'WebSocketStream', 'CloseEvent', 'MessageEvent']),
  'the connection pool behind a symbol': () => {
    void new Response('text');
    const found = [1, 2].map((version) => member(globalThis, Symbol.for(`undici.globalDispatcher.${version}`)));
    return found.find((dispatcher) => dispatcher !== undefined);
  },
  'the connection pool of a request': () => {
    const request = new Request(url);
    const symbols = Object.getOwnPropertySymbols(request);
    return symbols.find((symbol) => member(request, symbol, 'dispatch') !== undefined);
  },
  'classes seen by defineProperty': () => {
    const { defineProperty, defineProperties } = Object;
    const seen: unknown[] = [];
    Object.defineProperties = (...args) => {
      seen.push(args[0]);
      return Reflect.apply(defineProperties, Object, args);
    };
    try {
      void new Response('text').body;
      void new FormData();
    } finally {
      Object.assign(Object, { defineProperty, defineProperties });
    }
    return seen.map((prototype) => member(prototype, 'constructor', 'name')).find((name) => name === 'WebSocket');
  },
  'streaming compilation from a URL': () =>
    call(
      member(globalThis, 'WebAssembly', 'compileStreaming'),
      undefined,
      call(member(globalThis, 'fetch'), undefined, url),
    ),
};
