import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { newProject, temporaryFolder } from '../../cli.ts';
import { startCli, waitUntil, type RunningCli } from '../../running-cli.ts';

const folder = await newProject('greeter');
const state = temporaryFolder();
const source = readFileSync(join(folder, 'src/greeter.enclave.ts'), 'utf8');

/** Calls once a second, each with less time than the debugger takes. */
writeFileSync(
  join(folder, 'src/host.ts'),
  `import { fromEnvironment, loadEnclave } from '@enclos/host';
import { app } from './greeter.edl.ts';
const enclave = await loadEnclave({ ...(await fromEnvironment()), interface: app, untrusted: { timeOfDay: () => 'evening' } });
console.log(enclave.identity.debug, enclave.isolation.filter(({ active }) => !active).map(({ name }) => name).join());
for (;;) {
  const { greeting, count } = await enclave.call.greet({ name: 'Ada' }, { timeoutMs: 200 });
  console.log(\`\${greeting} \${count}\`);
  await new Promise((resolve) => setTimeout(resolve, 200));
}
`,
);

type Message = Readonly<Record<string, unknown>> & { readonly id?: number; readonly method?: string };

interface Paused {
  readonly callFrames: readonly [
    {
      readonly callFrameId: string;
      readonly functionName: string;
      readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber: number };
    },
  ];
}

/** A debugger, by the protocol. */
async function attach(url: string) {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const events: Message[] = [];
  const answers = new Map<number, (message: Message) => void>();
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message.id === undefined) events.push(message);
    else answers.get(message.id)?.(message);
  });
  let last = 0;
  const ask = async (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const id = ++last;
    const answer = new Promise<Message>((resolve) => answers.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    assert.equal(error, undefined, JSON.stringify(error));
    return result as Record<string, unknown>;
  };
  /** The next event of this name that fits; it is taken out. */
  const event = async (method: string, fits: (params: Record<string, unknown>) => boolean = () => true) => {
    const find = (): number => events.findIndex((each) => each.method === method && fits(each['params'] as never));
    await waitUntil(method, () => find() !== -1);
    const [found] = events.splice(find(), 1);
    return found?.['params'] as Record<string, unknown>;
  };
  return { socket, ask, event };
}

type Debugger = Awaited<ReturnType<typeof attach>>;

interface Script {
  readonly scriptId: string;
  readonly map: SourceMap;
}

async function enclaveScript({ event }: Debugger): Promise<Script> {
  const parsed = await event('Debugger.scriptParsed', ({ url }) => url === 'enclave.js');
  const [, base64 = ''] = /^data:application\/json;base64,(.*)$/.exec(String(parsed['sourceMapURL'])) ?? [];
  const json = JSON.parse(Buffer.from(base64, 'base64').toString()) as { sourceRoot: string };
  assert.equal(json.sourceRoot, `file://${folder}/`);
  return { scriptId: String(parsed['scriptId']), map: new SourceMap(json as never) };
}

/** Sets a breakpoint where the bundle has this text. */
async function breakAt({ ask }: Debugger, { scriptId }: Script, text: RegExp): Promise<void> {
  const { scriptSource } = (await ask('Debugger.getScriptSource', { scriptId })) as { scriptSource: string };
  const before = scriptSource.slice(0, scriptSource.search(text)).split('\n');
  const place = { lineNumber: before.length - 1, columnNumber: before.at(-1)?.length ?? 0 };
  await ask('Debugger.setBreakpointByUrl', { url: 'enclave.js', ...place });
}

function originOf(paused: Paused, { map }: Script): string {
  const { lineNumber, columnNumber } = paused.callFrames[0].location;
  const origin = map.findOrigin(lineNumber + 1, columnNumber + 1);
  return 'fileName' in origin ? `${origin.fileName}:${origin.lineNumber}` : 'nowhere';
}

/** The logging call, whatever the bundler named its object. */
const call = /\w+\.info\(`greeting number/;
const lineOf = (text: string): number => source.split('\n').findIndex((line) => line.includes(text)) + 1;

const started: RunningCli[] = [];
after(() => started.forEach(({ child }) => child.kill('SIGKILL')));

async function debug(...more: readonly string[]) {
  const running = startCli(['debug', '--isolation=best', '--port', '0', ...more], { cwd: folder, state });
  started.push(running);
  const [, url = ''] = await running.until(/"websocketAddress": "(ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/1)"/);
  return { running, debugging: await attach(url) };
}

test(
  'a breakpoint pauses a call, shows a local variable at its source, and lets it go on',
  { timeout: 120_000 },
  async () => {
    const { running, debugging } = await debug();
    const { ask, event, socket } = debugging;
    assert.match(running.text(), /isolation without (?:\S+, )*inspector\n/);
    assert.match(running.text(), /NO INSPECTOR ISOLATION A debugger reads and changes everything inside/);
    await ask('Runtime.enable');
    await ask('Debugger.enable');
    const script = await enclaveScript(debugging);
    await running.until(/true (?:\S+,)?inspector\n[^]*Good evening, Ada\. \d+/);
    await breakAt(debugging, script, call);

    const paused = (await event('Debugger.paused')) as unknown as Paused;
    const [frame] = paused.callFrames;
    assert.equal(frame.location.scriptId, script.scriptId);
    assert.equal(frame.functionName, 'greet');
    assert.equal(originOf(paused, script), `src/greeter.enclave.ts:${lineOf('greeting number')}`);
    const evaluated = await ask('Debugger.evaluateOnCallFrame', {
      callFrameId: frame.callFrameId,
      expression: 'count',
    });
    const { value: count } = evaluated['result'] as { value: number };
    // Longer than the call may take, and than a host waits.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.doesNotMatch(running.text(), new RegExp(`Ada\\. ${count}\n`));
    await ask('Debugger.resume');
    await running.until(new RegExp(`Good evening, Ada\\. ${count}\n`));

    // A debugger that goes away lets the enclave go on.
    await event('Debugger.paused');
    socket.close();
    await running.until(new RegExp(`Good evening, Ada\\. ${count + 3}\n`));
    running.child.kill('SIGINT');
    assert.equal(await running.ended, 130, running.text());
  },
);

test('--wait holds the enclave before its first statement', { timeout: 120_000 }, async () => {
  const { running, debugging } = await debug('--wait');
  const { ask, event } = debugging;
  await ask('Debugger.enable');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.doesNotMatch(running.text(), /Good evening/);
  await ask('Runtime.runIfWaitingForDebugger');
  const script = await enclaveScript(debugging);
  const first = (await event('Debugger.paused')) as unknown as Paused;
  assert.deepEqual(first.callFrames[0].location, { scriptId: script.scriptId, lineNumber: 0, columnNumber: 0 });
  await breakAt(debugging, script, call);
  await ask('Debugger.resume');
  const paused = (await event('Debugger.paused')) as unknown as Paused;
  assert.equal(originOf(paused, script), `src/greeter.enclave.ts:${lineOf('greeting number')}`);
  // A paused enclave ends with its host, like any other.
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 128 + 15, running.text());
});

test('a port that is no port is refused', { timeout: 60_000 }, async () => {
  for (const port of ['x', '65536', '-1', '1.5']) {
    const running = startCli(['debug', `--port=${port}`], { cwd: folder, state });
    assert.equal(await running.ended, 2);
    assert.match(running.text(), /--port is a port from 0 to 65535/);
  }
});
