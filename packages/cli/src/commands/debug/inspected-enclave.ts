import type { Socket } from 'node:net';
import type { StartedEnclave } from '../../project/greeting.ts';
import { createLineReader } from '../../project/lines.ts';

/** A debugger: the other side of one WebSocket. */
export interface Debugger {
  send(message: string): void;
  close(): void;
  /** Bytes that it has not taken yet. */
  readonly waitingBytes: number;
}

/** One inspected enclave, as the debuggers of the developer see it. */
export interface InspectedEnclave extends StartedEnclave {
  readonly number: number;
  /** Undefined when it has a debugger already. */
  attach(debug: Debugger): { receive(message: string): void; detach(): void } | undefined;
}

export interface InspectedEnclaveOptions {
  readonly number: number;
  readonly enclave: StartedEnclave;
  readonly stream: Socket;
  /** A URL of the source map of its script. */
  readonly sourceMapUrl: string | undefined;
  /** Holds the enclave until a debugger says that it may run, and pauses it at its first statement. */
  readonly waits: boolean;
}

/** The largest messages are sources and pieces of heap snapshots. */
const maxMessageBytes = 64 * 1024 * 1024;
const scriptUrl = 'enclave.js';
/** Ids of our own requests: a debugger counts from 1. */
const ownId = 0x7fff_fff0;

/**
 * Carries messages of the Chrome DevTools Protocol between a debugger and the
 * loader of an enclave (`attachInspector` of @enclos/software-sgx). The enclave
 * is untrusted here as everywhere: its lines are bounded and are only passed on.
 */
export function createInspectedEnclave(options: InspectedEnclaveOptions): InspectedEnclave {
  const { stream, enclave, waits } = options;
  const reader = createLineReader(maxMessageBytes);
  let current: Debugger | undefined;
  let held = waits;
  const say = (line: string): void => void stream.write(`${line}\n`);

  stream.on('data', (chunk: Buffer) => {
    try {
      for (const line of reader.push(chunk)) pass(line);
    } catch {
      stream.destroy();
    }
  });
  const pass = (line: string): void => {
    const message = fromEnclave(line, options.sourceMapUrl);
    if (message === undefined || current === undefined) return;
    if (current.waitingBytes > maxMessageBytes) current.close();
    else current.send(message);
  };
  // The reader of the greeting paused it.
  stream.once('close', () => current?.close()).resume();
  if (!waits) say('!');

  const release = (): void => {
    held = false;
    // The first statement of the bundle: there the sources are known, and nothing has run.
    const params = { url: scriptUrl, lineNumber: 0, columnNumber: 0 };
    say(JSON.stringify({ id: ownId, method: 'Debugger.setBreakpointByUrl', params }));
    say('!');
  };

  return Object.freeze({
    ...enclave,
    number: options.number,
    attach(debug: Debugger) {
      if (current !== undefined) return undefined;
      current = debug;
      say('+');
      return {
        receive(text: string) {
          const message = fromDebugger(text);
          if (message === undefined) return debug.close();
          say(message.line);
          if (held && message.method === 'Runtime.runIfWaitingForDebugger') release();
        },
        detach() {
          if (current !== debug) return;
          current = undefined;
          say('-');
        },
      };
    },
  });
}

/** One line for the enclave, or undefined for what is not a request. */
export function fromDebugger(text: string): { readonly line: string; readonly method: string } | undefined {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('method' in message)) return undefined;
    const { method } = message;
    // Written anew: text of a debugger may have line ends between its tokens.
    return typeof method === 'string' ? { line: JSON.stringify(message), method } : undefined;
  } catch {
    return undefined;
  }
}

const announcement = '{"method":"Debugger.scriptParsed"';

/**
 * A message for the debugger. The script is measured without its map, so the
 * announcement of the script gets it on the way.
 * @returns undefined for an answer to our own request.
 */
export function fromEnclave(line: string, sourceMapUrl: string | undefined): string | undefined {
  if (line.startsWith(`{"id":${ownId}`)) return undefined;
  if (sourceMapUrl === undefined || !line.startsWith(announcement)) return line;
  try {
    const message = JSON.parse(line) as { readonly method: string; readonly params?: { readonly url?: unknown } };
    if (message.params?.url !== scriptUrl) return line;
    return JSON.stringify({ ...message, params: { ...message.params, sourceMapURL: sourceMapUrl } });
  } catch {
    return line;
  }
}
