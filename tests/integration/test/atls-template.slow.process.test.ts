import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { attestedFetch } from '@enclos/atls/fetch';
import { verifyInterpreter } from '@enclos/isolation';
import { enclosBin, newProject, startProgram, type Ran, type Running } from '@enclos/process-kit/processes/programs';

const folder = mkdtempSync(join(tmpdir(), 'enclos-atls-template-'));
const env = { XDG_STATE_HOME: join(folder, 'state'), PORT: '0' };
const running: Running[] = [];
after(async () => {
  for (const { child, ended } of running) {
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Service {
  readonly project: string;
  readonly port: number;
  readonly enclos: (...argv: readonly string[]) => Promise<Ran>;
}

/** What `enclos new --template atls-service` writes, as its user runs it. */
async function startService(name: string, change: (enclave: string) => string): Promise<Service> {
  const project = await newProject(folder, name, 'atls-service');
  const main = join(project, `src/${name}.enclave.ts`);
  writeFileSync(main, change(readFileSync(main, 'utf8')));
  const service = startProgram([process.execPath, enclosBin, 'run', '--isolation=best'], { cwd: project, env });
  running.push(service);
  const [, port = ''] = await service.until(/^127\.0\.0\.1:(\d+), enclave [0-9a-f]{64}$/m);
  const enclos = (...argv: readonly string[]): Promise<Ran> =>
    startProgram([process.execPath, enclosBin, ...argv], { cwd: project, env }).ended;
  return { project, port: Number(port), enclos };
}

const policyArguments = (port: number): readonly string[] =>
  `policy init --from localhost:${port} --single-user --out policy.json`.split(' ');

describe('a service of the template atls-service', () => {
  let service: Service;
  before(async () => {
    service = await startService('ballot', (enclave) => enclave);
  });

  test('gives a policy that says what it pins, by which its client votes', async () => {
    const { port, project, enclos } = service;
    const made = await enclos(...policyArguments(port));
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /⚠ This is SOFTWARE, not hardware/);
    assert.match(made.stderr, /⚠ The policy is loosened: it accepts a platform in single-user mode/);
    const { mrEnclave } = JSON.parse(readFileSync(join(project, 'policy.json'), 'utf8')) as { mrEnclave: [string] };
    const [image] = (await enclos('measure', '.enclos/ballot.sgxs', '--json')).stdout.match(/[0-9a-f]{64}/) ?? [];
    assert.equal(mrEnclave[0], image);
    const client = [(await verifyInterpreter()).path, 'src/client.ts', `https://localhost:${port}`, 'tea'];
    const voted = await startProgram(client, { cwd: project }).ended;
    assert.deepEqual([voted.code, voted.stdout], [0, 'a vote for tea: counted\n{"tea":1}\n'], voted.stderr);
    writeFileSync(
      join(project, 'policy.json'),
      readFileSync(join(project, 'policy.json'), 'utf8').replace(mrEnclave[0], '00'.repeat(32)),
    );
    const refused = await startProgram(client, { cwd: project }).ended;
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /^✖ APPRAISAL_REFUSED: .*mrEnclave/);
    await enclos(...policyArguments(port));
  });

  test('is reached by any program through the proxy, which ends when it is told to', async () => {
    const { port, project } = service;
    rmSync(join(project, 'policy.json'));
    const made = await service.enclos(...policyArguments(port));
    assert.equal(made.code, 0, made.stderr);
    const argv = ['proxy', `localhost:${port}`, '--policy', 'policy.json', '--listen', '127.0.0.1:0'];
    const proxy = startProgram([process.execPath, enclosBin, ...argv], { cwd: project, env });
    running.push(proxy);
    const [, at = ''] = await proxy.until(/listening at (http:\S+) for /);
    const vote = await fetch(`${at}/vote`, { method: 'POST', body: 'coffee' });
    assert.deepEqual([vote.status, await vote.text()], [200, 'counted\n']);
    assert.deepEqual(await (await fetch(`${at}/result`)).json(), { tea: 1, coffee: 1 });
    proxy.child.kill('SIGTERM');
    assert.equal((await proxy.ended).code, 0);
    await assert.rejects(fetch(`${at}/result`));
  });
});

/** The same with Hono, and with bodies that stream through. */
const withHono = (enclave: string): string =>
  enclave
    .replace(
      "import { webHandlers } from '@enclos/http/web';",
      "import { webHandlers } from '@enclos/http/web';\nimport { Hono } from 'hono';\nimport { streamSSE } from 'hono/streaming';",
    )
    .replace(
      /\/\*\* Answers one request[^]*?\n\}\n/,
      `const web = new Hono<{ Bindings: { remoteAddress: string } }>();
web.get('/hello/:name', (context) => context.json({ hello: context.req.param('name'), from: context.env.remoteAddress !== '' }));
web.post('/form', async (context) => context.text(String((await context.req.formData()).get('field'))));
web.post('/json', async (context) => context.json(await context.req.json()));
web.post('/through', (context) => new Response(context.req.raw.body));
web.get('/events', (context) => streamSSE(context, async (stream) => {
  for (let i = 0; i < 3; i++) await stream.writeSSE({ data: String(i) });
}));
web.get('/cookies', (context) => {
  context.header('set-cookie', 'a=1', { append: true });
  context.header('set-cookie', 'b=2', { append: true });
  return context.body(null, 204);
});
`,
    )
    .replace('webHandlers(answer)', "webHandlers(web.fetch, { streams: ({ path }) => path === '/through' })")
    .replace(/const votes[^]*?;\nconst choices[^]*?;\n/, '');

describe('a service of the template with Hono inside', () => {
  let service: Service;
  let ask: ReturnType<typeof attestedFetch>;
  before(async () => {
    service = await startService('web', withHono);
    const made = await service.enclos(...policyArguments(service.port));
    assert.equal(made.code, 0, made.stderr);
    ask = attestedFetch({ policy: readFileSync(join(service.project, 'policy.json'), 'utf8') });
  });
  after(() => ask.close());
  const at = (path: string): string => `https://localhost:${service.port}${path}`;

  test('routes, reads JSON and forms, sets cookies and sends events', async () => {
    assert.deepEqual(await (await ask(at('/hello/Ada'))).json(), { hello: 'Ada', from: true });
    const json = { method: 'POST', body: '{"a":[1]}', headers: { 'content-type': 'application/json' } };
    assert.deepEqual(await (await ask(at('/json'), json)).json(), { a: [1] });
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const body = type.startsWith('multi')
        ? '--x\r\ncontent-disposition: form-data; name="field"\r\n\r\nvalue\r\n--x--\r\n'
        : 'field=value';
      const answer = await ask(at('/form'), { method: 'POST', body, headers: { 'content-type': type } });
      assert.equal(await answer.text(), 'value', type);
    }
    assert.deepEqual((await ask(at('/cookies'))).headers.getSetCookie(), ['a=1', 'b=2']);
    const events = await ask(at('/events'));
    assert.equal(events.headers.get('content-type'), 'text/event-stream');
    assert.equal((await events.text()).match(/^data: \d$/gm)?.join(), 'data: 0,data: 1,data: 2');
    assert.equal((await ask(at('/absent'))).status, 404);
  });

  test('streams a body through, in both directions at once', async () => {
    const pieces = 40;
    const piece = new Uint8Array(65_536).fill(7);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent++ < pieces) controller.enqueue(piece);
        else controller.close();
      },
    });
    const answer = await ask(at('/through'), { method: 'POST', body, duplex: 'half' });
    let bytes = 0;
    for await (const part of answer.body ?? []) bytes += (part as Uint8Array).length;
    assert.equal(bytes, pieces * piece.length);
  });
});
