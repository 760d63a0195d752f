import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** A message of the DevTools protocol: an answer has an id, an event a method. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly sessionId?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface BrowserEvent {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const commandLimitMs = 60_000;

/** A client of the Chrome DevTools protocol over two pipes: JSON, each message ended by a zero byte. */
export class DevTools {
  readonly #input: Writable;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sessions = new Map<string, (event: BrowserEvent) => void>();
  #lastId = 0;
  #rest = '';

  private constructor(input: Writable, output: Readable) {
    this.#input = input;
    output.setEncoding('utf8');
    output.on('data', (text: string) => this.#read(text));
    output.on('close', () => this.#end('Chromium ended.'));
    // What it still wants to say to an ended browser is of no interest; the calls reject.
    input.on('error', (error) => this.#end(error.message));
  }

  /** For a child whose descriptors 3 and 4 are pipes, started with --remote-debugging-pipe. */
  static over(child: ChildProcess): DevTools {
    child.on('error', () => undefined);
    return new DevTools(child.stdio[3] as Writable, child.stdio[4] as Readable);
  }

  async openPage(): Promise<Session> {
    const { targetId } = (await this.send('Target.createTarget', { url: 'about:blank' })) as { targetId: string };
    const attached = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const { sessionId } = attached as { sessionId: string };
    const session = new Session((method, params) => this.send(method, params, sessionId));
    this.#sessions.set(sessionId, (event) => session.receive(event));
    for (const domain of ['Page', 'Runtime', 'Network', 'Log', 'DOM']) await session.send(`${domain}.enable`);
    return session;
  }

  /** @throws Error when the browser refuses, ends, or says nothing for a minute. */
  send(method: string, params: object = {}, sessionId?: string): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Chromium does not answer ${method}.`)), commandLimitMs);
      const settle =
        <T>(settled: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          this.#waiting.delete(id);
          settled(value);
        };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
    });
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return answer;
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split('\0');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#receive(JSON.parse(part) as Message);
  }

  #receive({ id, method, params, sessionId, result, error }: Message): void {
    if (id !== undefined) {
      if (error === undefined) this.#waiting.get(id)?.resolve(result);
      else this.#waiting.get(id)?.reject(new Error(error.message));
    } else if (method !== undefined && sessionId !== undefined) {
      this.#sessions.get(sessionId)?.({ method, params: (params ?? {}) as Record<string, unknown> });
    }
  }

  #end(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
  }
}

/** One page of the browser. */
export class Session {
  /** Everything that the page did since it was opened: requests, messages of the console, refusals of its policy. */
  readonly events: BrowserEvent[] = [];
  readonly send: (method: string, params?: object) => Promise<unknown>;

  constructor(send: (method: string, params?: object) => Promise<unknown>) {
    this.send = send;
  }

  receive(event: BrowserEvent): void {
    this.events.push(event);
  }

  /** Opens an address and waits until the page is loaded. */
  async open(url: string): Promise<void> {
    const from = this.events.length;
    await this.send('Page.navigate', { url });
    await waitFor(() =>
      Promise.resolve(this.events.slice(from).some(({ method }) => method === 'Page.loadEventFired')),
    );
  }

  /** The value of an expression in the page, awaited and passed as JSON. @throws Error with what the page threw. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = answer as {
      result: { value?: unknown };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  /** Waits until an expression is true in the page. @throws Error after 30 seconds. */
  async until(expression: string): Promise<void> {
    await waitFor(async () => (await this.evaluate(`Boolean(${expression})`)) === true, expression);
  }
}

async function waitFor(condition: () => Promise<boolean>, what = 'the page'): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`Waited for 30 seconds in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
