// Worker threads that answer questions, and are replaced when one does not.
import { Worker } from 'node:worker_threads';

const workerUrl = new URL('worker.mjs', import.meta.url);

/** One thread at a time; a new one after a hang, a crash, or so many questions that memory is worth freeing. */
export class Asker {
  #data;
  #worker;
  #progress;
  #asked = 0;

  constructor(data) {
    this.#data = data;
  }

  /** The answer, or `{ ended: why }` when the thread made no progress for `limitMs` or died. */
  async ask(request, limitMs) {
    this.#asked += 1;
    if (this.#asked % 200 === 0) await this.stop();
    if (this.#worker === undefined) await this.#start();
    const answer = await this.#answer(request, limitMs);
    if (answer.ended !== undefined) await this.stop();
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  async #start() {
    this.#progress = new Int32Array(new SharedArrayBuffer(4));
    this.#worker = new Worker(workerUrl, {
      workerData: { ...this.#data, progress: this.#progress },
      execArgv: ['--experimental-vm-modules', '--no-warnings'],
      resourceLimits: { maxOldGenerationSizeMb: 1536 },
      stdout: true,
      stderr: true,
    });
    const { ended } = await this.#answer(undefined, 60_000);
    if (ended !== undefined) throw new Error(`The worker did not start: ${ended}`);
  }

  #answer(request, limitMs) {
    const worker = this.#worker;
    return new Promise((resolve) => {
      let last = { count: -1, atMs: 0 };
      const watch = setInterval(() => {
        const count = Atomics.load(this.#progress, 0);
        if (count !== last.count) last = { count, atMs: performance.now() };
        else if (performance.now() - last.atMs > limitMs) finish({ ended: 'time limit' });
      }, 250);
      const finish = (answer) => {
        clearInterval(watch);
        for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
        resolve(answer);
      };
      const listeners = {
        message: finish,
        error: (error) => finish({ ended: error.message }),
        exit: (code) => finish({ ended: `exit code ${code}` }),
      };
      for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
      if (request !== undefined) worker.postMessage(request);
    });
  }

  async stop() {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.on('error', () => undefined);
    await worker?.terminate();
  }
}
