import { createNoticeReader, parseGreeting } from '../src/project/greeting.ts';
import { fromDebugger, fromEnclave } from '../src/commands/debug/inspected-enclave.ts';
import { createLineReader } from '../src/project/lines.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const seeds: readonly Uint8Array[] = [
  bytes('{"method":"Debugger.scriptParsed","params":{"url":"enclave.js","sourceMapURL":""}}\n{"id":1,"result":{}}\n'),
  bytes(`inspector vault ${'ab'.repeat(32)}\nstream listen passed api%20v1\nstarted vault ${'ab'.repeat(32)}\nlog\n`),
  bytes('{"id":1,"method":"Runtime.enable"}\n+\n-\n!\n'),
];

const maxLineBytes = 4096;

/** What a host program, an enclave and a debugger send to the developer's tool. */
export function fuzz(data: Uint8Array): void {
  const reader = createLineReader(maxLineBytes);
  let lines: readonly string[];
  try {
    lines = reader.push(data);
  } catch (error) {
    if (error instanceof RangeError) return;
    throw error;
  }
  const notice = createNoticeReader(({ streams }) => {
    if (streams.length > 256) throw new Error('An enclave has more streams than a manifest.');
  });
  for (const line of lines) {
    parseGreeting(line);
    notice(line);
    fromEnclave(line, 'data:application/json,{}');
    // What the loader takes as a command of its own, or as two, must not come from a debugger.
    const request = fromDebugger(line);
    if (request !== undefined && !/^\{[^\n]*\}$/.test(request.line)) throw new Error('A request is not one line.');
  }
}
