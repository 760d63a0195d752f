import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  createInspectedEnclave,
  fromDebugger,
  fromEnclave,
  type Debugger,
} from '../../../src/commands/debug/inspected-enclave.ts';
import { sourceMapUrl } from '../../../src/commands/debug/source-map-url.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-inspected-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let sockets = 0;

/** Both ends of a stream: the tool's, and the one that the enclave's loader has. */
async function streamPair(): Promise<{ readonly tool: Socket; readonly enclave: Socket }> {
  const path = join(folder, String(++sockets));
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const enclave = connect(path);
  const [tool] = (await accepted) as [Socket];
  server.close();
  after(() => {
    tool.destroy();
    enclave.destroy();
  });
  return { tool, enclave };
}

function debuggerOf(): Debugger & { readonly got: string[]; closed: boolean; waitingBytes: number } {
  const made = {
    got: [] as string[],
    closed: false,
    waitingBytes: 0,
    send: (message: string) => void made.got.push(message),
    close() {
      made.closed = true;
    },
  };
  return made;
}

const about = { name: 'vault', mrEnclave: 'ab'.repeat(32) };

/** Reads the enclave's end until it has this many lines. */
async function linesAt(enclave: Socket, count: number): Promise<readonly string[]> {
  let text = '';
  while (text.split('\n').length <= count) {
    const chunk = enclave.read() as Buffer | null;
    if (chunk === null) await once(enclave, 'readable');
    else text += chunk.toString();
  }
  return text.trimEnd().split('\n');
}

test('an enclave begins at once, and its debugger opens and ends a session', async () => {
  const { tool, enclave } = await streamPair();
  const inspected = createInspectedEnclave({
    number: 1,
    enclave: about,
    stream: tool,
    sourceMapUrl: undefined,
    waits: false,
  });
  const attached = inspected.attach(debuggerOf());
  attached?.receive('{"id": 1,\n "method": "Runtime.enable"}');
  attached?.detach();
  attached?.detach();
  assert.deepEqual(await linesAt(enclave, 4), ['!', '+', '{"id":1,"method":"Runtime.enable"}', '-']);
});

test('one that waits begins when the debugger says so, once, and with a breakpoint at its first statement', async () => {
  const { tool, enclave } = await streamPair();
  const inspected = createInspectedEnclave({
    number: 1,
    enclave: about,
    stream: tool,
    sourceMapUrl: undefined,
    waits: true,
  });
  const attached = inspected.attach(debuggerOf());
  const run = '{"id":1,"method":"Runtime.runIfWaitingForDebugger"}';
  attached?.receive(run);
  attached?.receive(run);
  const [open, first, breakpoint = '', begin, second] = await linesAt(enclave, 5);
  assert.deepEqual([open, first, begin, second], ['+', run, '!', run]);
  assert.match(breakpoint, /"Debugger\.setBreakpointByUrl".*"url":"enclave\.js","lineNumber":0,"columnNumber":0/);
});

test('messages of the enclave reach the debugger, but for the answer to our own request', async () => {
  const { tool, enclave } = await streamPair();
  const inspected = createInspectedEnclave({
    number: 1,
    enclave: about,
    stream: tool,
    sourceMapUrl: 'data:x',
    waits: false,
  });
  const debug = debuggerOf();
  inspected.attach(debug);
  enclave.write('{"id":1,"result":{}}\n{"id":2147483632,"result":{}}\n{"method":"Debugger.resumed"}\n');
  while (debug.got.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(debug.got, ['{"id":1,"result":{}}', '{"method":"Debugger.resumed"}']);
});

test('one debugger at a time, and its end makes room', async () => {
  const { tool } = await streamPair();
  const inspected = createInspectedEnclave({
    number: 1,
    enclave: about,
    stream: tool,
    sourceMapUrl: undefined,
    waits: false,
  });
  const first = inspected.attach(debuggerOf());
  assert.equal(inspected.attach(debuggerOf()), undefined);
  first?.detach();
  assert.notEqual(inspected.attach(debuggerOf()), undefined);
});

test('the end of the enclave closes its debugger, and so does a debugger that takes nothing', async () => {
  const { tool, enclave } = await streamPair();
  const inspected = createInspectedEnclave({
    number: 1,
    enclave: about,
    stream: tool,
    sourceMapUrl: undefined,
    waits: false,
  });
  const debug = debuggerOf();
  inspected.attach(debug);
  debug.waitingBytes = 1 << 30;
  enclave.write('{}\n');
  while (!debug.closed) await new Promise((resolve) => setTimeout(resolve, 5));
  debug.closed = false;
  enclave.end();
  while (!debug.closed) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a debugger that sends no request is closed', async () => {
  const { tool } = await streamPair();
  const inspected = createInspectedEnclave({
    number: 1,
    enclave: about,
    stream: tool,
    sourceMapUrl: undefined,
    waits: false,
  });
  for (const text of ['+', 'x', '[]', 'null', '{"id":1}', '{"method":1}']) {
    const debug = debuggerOf();
    const attached = inspected.attach(debug);
    attached?.receive(text);
    assert.equal(debug.closed, true, text);
    attached?.detach();
  }
});

test('requests are written anew on one line', () => {
  assert.deepEqual(fromDebugger('{\n"method":"a",\r\n"params":{"x":"\\n"}}'), {
    method: 'a',
    line: String.raw`{"method":"a","params":{"x":"\n"}}`,
  });
});

test('the script of the enclave gets its source map, and no other script does', () => {
  const parsed = (url: string): string =>
    `{"method":"Debugger.scriptParsed","params":{"scriptId":"1","url":"${url}","sourceMapURL":""}}`;
  assert.match(fromEnclave(parsed('enclave.js'), 'data:x') ?? '', /"sourceMapURL":"data:x"/);
  assert.equal(fromEnclave(parsed('node:net'), 'data:x'), parsed('node:net'));
  assert.equal(fromEnclave(parsed('enclave.js'), undefined), parsed('enclave.js'));
  const broken = '{"method":"Debugger.scriptParsed"';
  assert.equal(fromEnclave(broken, 'data:x'), broken);
});

test('a source map names its sources by URLs of the project', () => {
  const url = sourceMapUrl('{"version":3,"sources":["src/a.ts"],"mappings":""}', '/home/ada/my vault');
  const [, base64 = ''] = /^data:application\/json;base64,(.*)$/.exec(url) ?? [];
  assert.deepEqual(JSON.parse(Buffer.from(base64, 'base64').toString()), {
    version: 3,
    sources: ['src/a.ts'],
    mappings: '',
    sourceRoot: 'file:///home/ada/my%20vault/',
  });
});
