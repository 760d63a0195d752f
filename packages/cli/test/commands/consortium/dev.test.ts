import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { quickJsTest } from '@enclos/testkit';
import { enclos, jsonLines, temporaryFolder } from '../../cli.ts';
import { startHere, waitUntil } from '../../running-cli.ts';
import { ask, endSandbox, exchange, startSandbox } from './sandbox.ts';

const endpoint = (js_function: string, more: object = {}): object => ({
  js_module: 'app.js',
  js_function,
  authn_policies: ['user_cert'],
  forwarding_required: 'always',
  ...more,
});
const appJson = JSON.stringify({
  endpoints: {
    '/records/{key}': { put: endpoint('put'), get: endpoint('get', { mode: 'readonly' }) },
    '/fails': { get: endpoint('fails', { authn_policies: ['no_auth'], mode: 'readonly' }) },
  },
});
const appTs = `import { nameOf } from './names.ts';

const records = ccf.kv['records'];
declare const ccf: any;

export function put(request: any): object {
  records.set(nameOf(request), request.body.arrayBuffer());
  return { statusCode: 204 };
}
export const get = (request: any): object => ({ body: records.get(nameOf(request)) });
export function fails(): never {
  const reason: string = 'VERSION';
  throw new Error(reason);
}
`;
const namesTs = `declare const ccf: any;
export const nameOf = (request: any): ArrayBuffer => ccf.strToBuf(request.params.key);
`;

function write(folder: string, version: string): void {
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'app.json'), appJson);
  writeFileSync(join(folder, 'src/names.ts'), namesTs);
  writeFileSync(join(folder, 'src/app.ts'), appTs.replace('VERSION', version));
}

async function serves(engine: string): Promise<void> {
  const folder = temporaryFolder();
  write(folder, 'first');
  const ledger = join(folder, 'ledger');
  const { cli, url } = await startSandbox(folder, '--engine', engine, '--ledger', ledger);
  const put = await ask(url, folder, '/app/records/a', { method: 'PUT', body: 'hi' });
  assert.equal(put.status, 204);
  assert.match(String(put.headers['x-ms-ccf-transaction-id']), /^2\.\d+$/);
  assert.equal((await ask(url, folder, '/records/a')).text, 'hi');
  const refused = await ask(url, folder, '/app/records/a', { cert: undefined, key: undefined });
  assert.equal(refused.status, 401);
  assert.match(refused.text, /No caller user certificate/);
  // Traces show the sources, in the log and in the answer's log alike.
  const failed = await ask(url, folder, '/app/fails');
  assert.match(failed.text, /"message":"Error: first"/);
  await cli.until(/GET \/fails: Error: first\n\s+at fails \(.*src\/app\.ts:13:\d+\)/);

  write(folder, 'second');
  await waitUntil('the second version', async () =>
    (await ask(url, folder, '/app/fails')).text.includes('Error: second'),
  );
  assert.equal((await ask(url, folder, '/app/records/a')).text, 'hi');
  writeFileSync(join(folder, 'src/app.ts'), 'export const put = (;');
  await cli.until(/✖ The application does not build:\n\s+app\.ts:1:21: .*\n\s+The version before still runs\./);
  assert.match((await ask(url, folder, '/app/fails')).text, /Error: second/);
  await endSandbox(cli);

  assert.match(readdirSync(ledger).join(), /^ledger_1-\d+\.committed$/);
  const certificate = join(folder, 'sandbox_common/service_cert.pem');
  const verified = await enclos(['ledger', 'verify', ledger, '--service-certificate', certificate]);
  assert.equal(verified.code, 0, verified.stderr);
  const show = ['ledger', 'show', ledger, '--map', 'records', '--values'];
  const closed = await enclos(show);
  assert.match(closed.stdout, /No transaction matches.*\n1 private part was not opened/);
  const opened = await enclos([...show, '--secret', join(folder, 'sandbox_common/ledger_secret')]);
  assert.match(opened.stdout, /a = hi/, opened.stderr);
  const byMember = await enclos([...show, '--member-key', join(folder, 'sandbox_common/member0_enc_privk.pem')]);
  assert.match(byMember.stdout, /a = hi/, byMember.stderr);
  const bySigner = await enclos([...show, '--member-key', join(folder, 'sandbox_common/member0_privk.pem')]);
  assert.match(bySigner.stderr, /member0_privk\.pem is not the private encryption key of a member/);
}

describe('enclos consortium dev', () => {
  test('serves TypeScript on V8, reloads it, and writes a ledger that verifies', () => serves('v8'));
  quickJsTest('does the same on QuickJS', () => serves('quickjs'));

  // Long words took a minute to be looked through for places of modules: the time grew with their square.
  test('shows exceptions whose text a request chose, without what a terminal would obey', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'src'));
    const put = endpoint('echo', { authn_policies: ['no_auth'] });
    writeFileSync(join(folder, 'app.json'), JSON.stringify({ endpoints: { '/echo': { put } } }));
    const echo = `export const echo = (request: any): never => { throw new Error(request.body.text()); };`;
    writeFileSync(join(folder, 'src/app.ts'), echo);
    const { cli, url } = await startSandbox(folder);
    const body = `\u001B[2Jbegin ${'a'.repeat(400_000)} end`;
    assert.equal((await ask(url, folder, '/app/echo', { method: 'PUT', body })).status, 500);
    const [shown] = await cli.until(/PUT \/echo: Error: .*begin a+ end\n\s+at .*src\/app\.ts:1:\d+/);
    assert.ok(!shown.includes('\u001B'));
    await endSandbox(cli);
  });

  test('bounds what a request may hold', async () => {
    const folder = temporaryFolder();
    write(folder, 'x');
    const { cli, url } = await startSandbox(folder);
    const long = await ask(url, folder, '/app/records/a', { method: 'PUT', body: Buffer.alloc(1_048_577) });
    assert.equal(long.status, 413);
    assert.match(long.text, /"code":"RequestBodyTooLarge"/);
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x-${index}`, '1']));
    const wide = await ask(url, folder, '/app/fails', { headers: many });
    assert.equal(wide.status, 431);
    assert.match(wide.text, /"code":"RequestHeaderTooLarge"/);
    const tall = await ask(url, folder, '/app/fails', { headers: { 'x-a': 'a'.repeat(17_000) } });
    assert.equal(tall.status, 431);
    for (const sent of ['\u0001', 'NOTAVERB ', '{"hello": 1}', 'GET /x\u0000 HTTP/1.1\r\n\r\n']) {
      const answer = await exchange(url, sent);
      assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*content-type: text\/plain/);
      assert.ok(answer.includes('\r\n\r\nUnable to parse data as a HTTP request.') && answer.endsWith(sent), sent);
    }
    await endSandbox(cli);
  });

  test('shows a debugger the files of the application', async () => {
    const folder = temporaryFolder();
    write(folder, 'first');
    const session = new Session();
    session.connect();
    const maps: string[] = [];
    session.on('Debugger.scriptParsed', ({ params: { url, sourceMapURL = '' } }) => {
      if (url === pathToFileURL(join(folder, 'enclos-linked-modules.js')).href) maps.push(sourceMapURL);
    });
    session.post('Debugger.enable');
    const { cli } = await startSandbox(folder, '--inspect', '127.0.0.1:0');
    session.disconnect();
    await endSandbox(cli);
    const map = Buffer.from(maps[0]?.split(',')[1] ?? '', 'base64').toString();
    const { sources } = JSON.parse(map) as { readonly sources: readonly string[] };
    for (const file of ['src/app.ts', 'src/names.ts']) {
      assert.ok(
        sources.includes(pathToFileURL(join(folder, file)).href),
        `${file} is not one of ${sources.join(', ')}`,
      );
    }
  });
  test('takes a bundle, and tells programs what happens', async () => {
    const folder = temporaryFolder();
    const source = 'export const get = () => ({ body: 1 });';
    const metadata = {
      endpoints: {
        '/x': { get: endpoint('get', { authn_policies: ['member_cert'] }) },
        '/past': { get: endpoint('get', { authn_policies: ['no_auth'], mode: 'historical' }) },
      },
    };
    const bundle = join(folder, 'bundle.json');
    writeFileSync(bundle, JSON.stringify({ metadata, modules: [{ name: 'app.js', module: source }] }));
    const cli = startHere(['consortium', 'dev', bundle, '--listen', '127.0.0.1:0', '--json'], { cwd: folder });
    const [, url = ''] = await cli.until(/"url":"(https:[^"]+)"/);
    const member = (name: string): Buffer => readFileSync(join(folder, 'sandbox_common', `member0_${name}.pem`));
    const asMember = { cert: member('cert'), key: member('privk') };
    assert.equal((await ask(url, folder, '/app/x', asMember)).text, '1');
    await cli.until(/member0_cert\.pem --key .*member0_privk\.pem https:\S+\/app\/x"/);
    cli.stop();
    const { stdout } = await cli.ended;
    assert.deepEqual(
      jsonLines(stdout).map(({ event }) => event),
      ['loaded', 'listening', 'ended'],
    );
  });

  test('leaves the certificates of a sandbox that runs', async () => {
    const folder = temporaryFolder();
    write(folder, 'x');
    const { cli, url } = await startSandbox(folder);
    const second = await enclos(['consortium', 'dev', folder, '--listen', new URL(url).host]);
    assert.match(second.stderr, /CLI_ADDRESS_IN_USE/);
    assert.equal((await ask(url, folder, '/app/records/a', { method: 'PUT', body: 'hi' })).status, 204);
    await endSandbox(cli);
  });

  for (const [what, change, reason] of [
    [
      'an application that is none',
      (folder: string) => writeFileSync(join(folder, 'app.json'), '{"endpoints":[]}'),
      /APP_INVALID: .*\n\s+endpoints: must be an object/,
    ],
    [
      'a module that is not there',
      (folder: string) => writeFileSync(join(folder, 'app.json'), appJson.replaceAll('app.js"', 'b.js"')),
      /app\.json names b\.js, but src\/ has no such file/,
    ],
    [
      'a module that is named by its place in the folder',
      (folder: string) => writeFileSync(join(folder, 'app.json'), appJson.replaceAll('app.js"', 'src/app.js"')),
      /names are relative to src\/: write app\.js\./,
    ],
    [
      'a module that is named by its source',
      (folder: string) => writeFileSync(join(folder, 'app.json'), appJson.replaceAll('app.js"', 'app.ts"')),
      /app\.ts, which is TypeScript: write app\.js/,
    ],
    [
      'a module of Node',
      (folder: string) => writeFileSync(join(folder, 'src/names.ts'), "import 'node:fs';"),
      /"node:fs", a module of Node: applications of CCF have none/,
    ],
    [
      'a package that is not installed',
      (folder: string) => writeFileSync(join(folder, 'src/names.ts'), "import 'left-pad';"),
      /"left-pad": install the package/,
    ],
    [
      'a ledger that is there already',
      (folder: string) => {
        mkdirSync(join(folder, 'ledger'));
        writeFileSync(join(folder, 'ledger/ledger_1'), '');
      },
      /--ledger is a new folder, or an empty one/,
    ],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const folder = temporaryFolder();
      write(folder, 'x');
      change(folder);
      const { code, stderr } = await enclos([
        'consortium',
        'dev',
        folder,
        '--listen',
        '127.0.0.1:0',
        '--ledger',
        join(folder, 'ledger'),
      ]);
      assert.notEqual(code, 0);
      assert.match(stderr, reason);
    });
  }

  test('refuses options that contradict each other', async () => {
    for (const [options, reason] of [
      [['--engine', 'spidermonkey'], /--engine is v8 or quickjs/],
      [['--engine', 'quickjs', '--inspect', '127.0.0.1:0'], /--inspect goes with --engine v8/],
      [['--listen', 'nowhere'], /--listen is HOST:PORT/],
    ] as const) {
      const { code, stderr } = await enclos(['consortium', 'dev', '.', ...options]);
      assert.notEqual(code, 0);
      assert.match(stderr, reason);
    }
  });
});
