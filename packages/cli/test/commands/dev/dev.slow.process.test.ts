import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { freePort } from '@enclos/testkit';
import { newProject, temporaryFolder } from '../../cli.ts';
import { childrenOf, isRunning, startCli, waitUntil, type RunningCli } from '../../running-cli.ts';

const folder = await newProject('greeter');
const state = temporaryFolder();
const at = (name: string): string => join(folder, name);
const source = 'src/greeter.enclave.ts';

/** A host program that goes on, says who it is, and calls for as long as it lives. */
writeFileSync(
  at('src/host.ts'),
  `import { fromEnvironment, loadEnclave } from '@enclos/host';
import { app } from './greeter.edl.ts';
import { mark } from './mark.ts';
const enclave = await loadEnclave({ ...(await fromEnvironment()), interface: app, untrusted: { timeOfDay: () => 'evening' } });
console.log(\`host \${process.pid} \${mark}\`);
setInterval(() => {
  enclave.call.greet({ name: 'Ada' }).then(({ greeting }) => console.log(greeting), (error) => console.log(error.stack));
}, 100);
`,
);
const listen = [{ name: 'clients', port: await freePort(), transport: 'either' }];
writeFileSync(
  at('enclave.json'),
  JSON.stringify({ ...(JSON.parse(readFileSync(at('enclave.json'), 'utf8')) as object), listen }, undefined, 2),
);
writeFileSync(at('src/mark.ts'), "export const mark = 'first';\n");
const original = readFileSync(at(source), 'utf8');

function edit(name: string, text: string): void {
  // As most editors do it.
  writeFileSync(at('.edited'), text);
  renameSync(at('.edited'), at(name));
}

const started: RunningCli[] = [];
after(() => started.forEach(({ child }) => child.kill('SIGKILL')));
function dev(): RunningCli {
  const running = startCli(['dev', '--isolation=best'], { cwd: folder, state });
  started.push(running);
  return running;
}

const ready = /ready in \d+ ms {2}greeter {2}MRENCLAVE ([0-9a-f]{12})…(?:, (.*) changed)?/;
const host = /host (\d+) (\w+)/;

const running = dev();

test('dev builds, signs with a development key, runs, and says who runs', { timeout: 120_000 }, async () => {
  const [line, mrEnclave] = await running.until(ready);
  assert.match(running.text(), /SIMULATION software platform/);
  assert.doesNotMatch(line ?? '', /changed/);
  await running.until(/enclos: the connections of greeter are (?:passed|relayed)\n/);
  const [, , mark] = await running.until(host);
  assert.equal(mark, 'first');
  await running.until(/Good evening, Ada\./);
  running.child.stdin?.write('m\n');
  const [, full, signer] = await running.until(/MRENCLAVE {2}([0-9a-f]{64})\n {2}MRSIGNER {3}([0-9a-f]{64})/);
  assert.ok(full?.startsWith(mrEnclave ?? '-'));
  assert.match(signer ?? '', /^[0-9a-f]{64}$/);
  assert.ok(readFileSync(at('.enclos/development.key.pem')).length > 0);
});

test('a change of the enclave is built and started again, as another enclave', { timeout: 120_000 }, async () => {
  const [, before] = ready.exec(running.text()) ?? [];
  running.forget();
  edit(source, original.replace('Good ', 'A good '));
  const [, mrEnclave, changed] = await running.until(ready);
  assert.equal(changed, source);
  assert.notEqual(mrEnclave, before);
  await running.until(/A good evening, Ada\./);
});

test('a change of the host alone starts the host again, with the same enclave', { timeout: 120_000 }, async () => {
  running.forget();
  edit('src/mark.ts', "export const mark = 'second';\n");
  const [, , changed] = await running.until(ready);
  assert.equal(changed, 'src/mark.ts');
  await running.until(/host \d+ second/);
  await running.until(/A good evening, Ada\./);
});

test('a change that makes no difference starts nothing', { timeout: 120_000 }, async () => {
  running.forget();
  edit('src/mark.ts', "// a comment\nexport const mark = 'second';\n");
  await running.until(/src\/mark\.ts changed nothing that runs/);
  assert.doesNotMatch(running.text(), host);
});

test('an error of a build is shown where it is, and what ran before goes on', { timeout: 120_000 }, async () => {
  running.forget();
  edit(source, `${original}let x = ;\n`);
  await running.until(/✖ BUILD_FAILED/);
  await running.until(/the last good version still runs/);
  assert.match(running.text(), /greeter\.enclave\.ts:\d+:9\n +\d+ │ let x = ;\n +│ +\^/);
  running.forget();
  await running.until(/A good evening, Ada\./);
  edit(source, original);
  await running.until(ready);
  await running.until(/\nGood evening, Ada\./);
});

test('a file that a build lacked builds again when it is there', { timeout: 120_000 }, async () => {
  running.forget();
  edit(source, `import { good } from './late.ts';\n${original.replace('Good ', '${good} ')}`);
  await running.until(/Could not resolve "\.\/late\.ts"/);
  edit('src/late.ts', "export const good = 'Late';\n");
  await running.until(ready);
  await running.until(/Late evening, Ada\./);
});

test('a manifest that is wrong is shown, and right again it counts', { timeout: 120_000 }, async () => {
  running.forget();
  const manifest = readFileSync(at('enclave.json'), 'utf8');
  edit('enclave.json', manifest.replace('"securityVersion": 1', '"securityVersion": "1"'));
  await running.until(/✖ BUILD_MANIFEST_INVALID/);
  edit('enclave.json', manifest.replace('"securityVersion": 1', '"securityVersion": 2'));
  await running.until(ready);
  running.child.stdin?.write('m\n');
  await running.until(/product +1, security version 2/);
});

test('the stack of an error in the enclave leads to its source', { timeout: 120_000 }, async () => {
  running.forget();
  edit(
    source,
    original.replace('count += 1;', "if (name !== '') {\n      throw new Error('no greeting today');\n    }"),
  );
  await running.until(/no greeting today\n +at \S+ \(src\/greeter\.enclave\.ts:\d+:\d+\)/);
  edit(source, original);
  await running.until(/Good evening, Ada\./);
});

test('log levels: what is below is not shown', { timeout: 120_000 }, async () => {
  await running.until(/enclave: greeting number/);
  running.child.stdin?.write('L\n');
  await running.until(/log of the enclave: error, warn\n/);
  // The level travels to the host program.
  await waitUntil('the log falls silent', async () => {
    running.forget();
    await running.until(/Good evening, Ada\.\n[^]*Good evening, Ada\./);
    return !/enclave: greeting/.test(running.text());
  });
  running.child.stdin?.write('more\n');
  await running.until(/enclave: greeting number/);
});

test('r starts again, d shows the isolation, h the keys', { timeout: 120_000 }, async () => {
  running.forget();
  running.child.stdin?.write('r\n');
  await running.until(ready);
  running.child.stdin?.write('d\nh\n');
  await running.until(/interpreter {2}Node permission model/);
  await running.until(/ {2}q {2}end everything/);
});

test('q ends everything, and leaves nothing', { timeout: 120_000 }, async () => {
  const children = childrenOf(running.child.pid ?? 0);
  const sockets = children.flatMap(socketsOf);
  assert.ok(children.length >= 2 && sockets.length >= 1, String([children, sockets]));
  running.child.stdin?.write('q\n');
  assert.equal(await running.ended, 0, running.text());
  await waitUntil('nothing of it runs', () => !children.some(isRunning));
  for (const socket of sockets) assert.equal(existsSync(dirname(socket)), false, socket);
});

test('Ctrl-C during the first build ends it, too', { timeout: 120_000 }, async () => {
  const early = dev();
  await early.until(/SIMULATION/);
  early.child.kill('SIGINT');
  assert.equal(await early.ended, 0, early.text());
});

test('killed, it takes the host program and the platform along', { timeout: 120_000 }, async () => {
  const killed = dev();
  await killed.until(ready);
  const [, hostId = ''] = await killed.until(host);
  const children = childrenOf(killed.child.pid ?? 0);
  assert.ok(children.includes(Number(hostId)) && children.length >= 2, String(children));
  killed.child.kill('SIGKILL');
  await killed.ended;
  await waitUntil('nothing of it runs', () => !children.some(isRunning));
});

/** The sockets of the tool and the platform, as a host program is told of them. */
function socketsOf(processId: number): readonly string[] {
  const variables = readFileSync(`/proc/${processId}/environ`, 'latin1').split('\0');
  return variables.flatMap((line) => /^ENCLOS_(?:TOOL|PLATFORM)=(.*)$/.exec(line)?.[1] ?? []);
}
