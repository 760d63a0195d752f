/**
 * The extra part of the loader of an inspected debug enclave. Like the other parts it is turned into text, so it must not refer
 * to anything outside itself. The loader of every other enclave does not contain this text.
 *
 * The inspector is served from its own thread (inspector.Session, connectToMainThread): a session in the same thread could not
 * answer while a breakpoint holds that thread. The descriptor carries lines: `+` opens a session and ends the previous one, `-`
 * ends it, `!` lets the enclave begin, and everything else is a message of the Chrome DevTools Protocol.
 *
 * @returns a promise that resolves when the enclave may begin.
 */
export function attachInspector(require: NodeJS.Require, descriptor: number): Promise<void> {
  const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
  const serve = (given: NodeJS.Require, fd: number): void => {
    const { Session } = given('node:inspector') as typeof import('node:inspector');
    const { Socket } = given('node:net') as typeof import('node:net');
    const { parentPort } = given('node:worker_threads') as typeof import('node:worker_threads');
    const stream = new Socket({ fd });
    const maxLineLength = 67_108_864;
    let session: import('node:inspector').Session | undefined;
    const send = (message: object): void => void stream.write(`${JSON.stringify(message)}\n`);
    const close = (): void => {
      session?.disconnect();
      session = undefined;
    };
    const open = (): void => {
      close();
      session = new Session();
      session.connectToMainThread();
      session.on('inspectorNotification', send);
    };
    const ask = (line: string): void => {
      const { id, method, params } = JSON.parse(line) as { id: number; method: string; params?: object };
      const refused = (error: Error): void => send({ id, error: { code: -32_000, message: error.message } });
      try {
        session?.post(method, params, (error, result) => (error === null ? send({ id, result }) : refused(error)));
      } catch (error) {
        refused(error instanceof Error ? error : new Error('The inspector refused.'));
      }
    };
    const take = (line: string): void => {
      if (line === '+') open();
      else if (line === '-') close();
      else if (line === '!') parentPort?.postMessage('begin');
      else if (line !== '') ask(line);
    };
    let rest = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > maxLineLength) stream.destroy();
      for (const line of lines) take(line);
    });
    // A paused enclave continues, and then sees that its host is gone.
    stream.on('error', () => undefined).on('close', close);
  };
  const worker = new Worker(`(${serve.toString()})(require,${descriptor})`, {
    eval: true,
    env: {},
    argv: [],
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  // If the inspector fails, the enclave runs on without it.
  worker.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    worker.once('exit', () => reject(new Error('The inspector could not start.')));
    worker.once('message', () => {
      worker.unref();
      resolve();
    });
  });
}
