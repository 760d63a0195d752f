import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { startMachine } from '@enclos/process-kit';

import { containerTest, createPodman, startRegistry } from '@enclos/testkit';
import { enclosBin, newProject, startProgram, type Ran } from '@enclos/process-kit/processes/programs';

// /tmp itself may be entered by anyone: another user builds below it.
const folder = mkdtempSync(join(tmpdir(), 'enclos-image-process-'));
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true }));

const project = join(folder, 'greeter');
const archive = join(folder, 'greeter.tar');
const layout = join(project, '.enclos/greeter.oci');
const podman = createPodman(join(folder, 'podman'));
const confined = ['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--network', 'none'];

const enclos = (argv: readonly string[], cwd = project): Promise<Ran> =>
  startProgram([process.execPath, enclosBin, ...argv], { cwd, env: { XDG_CACHE_HOME: join(folder, 'cache') } }).ended;

const tool = (...words: readonly string[]): Promise<Ran> => startProgram(words, { cwd: folder }).ended;

/** What a command says as JSON; it must have gone well. */
async function json(argv: readonly string[], cwd?: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await enclos([...argv, '--json'], cwd);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const waits = `
  import { fromEnvironment } from '@enclos/host';
  await fromEnvironment();
  console.log('ready');
  setInterval(() => undefined, 1000);
`;

let built: Record<string, unknown> = {};

test('a project is built, signed and made an image, whose base has at most 55 MB', async () => {
  await newProject(folder, 'greeter');
  writeFileSync(join(project, 'src/waits.ts'), waits);
  for (const argv of [['build'], ['keygen'], ['sign', '--key', 'signing.key.pem']]) {
    const { code, stderr } = await enclos(argv);
    assert.equal(code, 0, stderr);
  }
  built = await json(['image', 'build', '--archive', archive]);
  assert.equal(built['cached'], false);
  const [base] = built['layers'] as { sizeBytes: number }[];
  assert.ok(base !== undefined && base.sizeBytes <= 55_000_000, `the base has ${base?.sizeBytes} bytes`);
});

test('the same project in another folder, time zone and umask, for another user, gives the same digest', async () => {
  const copy = join(folder, 'elsewhere/deeper');
  mkdirSync(copy, { recursive: true });
  cpSync(project, copy, { recursive: true, filter: (path) => !path.endsWith('.oci'), verbatimSymlinks: true });
  for (const path of [join(folder, 'elsewhere'), copy, join(copy, '.enclos')]) chmodSync(path, 0o777);
  const words = [process.execPath, enclosBin, 'image', 'build', '--no-cache', '--json'];
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const other = spawnSync('/bin/sh', ['-c', 'umask 077 && exec "$0" "$@"', ...words], {
    cwd: copy,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', HOME: '/nonexistent' },
    ...user,
  });
  assert.equal(other.status, 0, other.stderr);
  assert.equal((JSON.parse(other.stdout) as Record<string, unknown>)['digest'], built['digest']);
});

test('the next build takes the base from the cache, and a damaged one is made anew', async () => {
  const again = await json(['image', 'build']);
  assert.deepEqual([again['cached'], again['digest']], [true, built['digest']]);
  const cache = join(folder, 'cache/enclos/layers');
  const [layer] = readdirSync(cache).filter((name) => name.endsWith('.tar.gz'));
  writeFileSync(join(cache, layer ?? ''), 'damaged');
  const repaired = await json(['image', 'build']);
  assert.deepEqual([repaired['cached'], repaired['digest']], [false, built['digest']]);
});

test('tar reads the layers: all is root’s and of one time, and there is no shell', async () => {
  const names: string[] = [];
  for (const { digest } of built['layers'] as { digest: string }[]) {
    const blob = join(layout, 'blobs/sha256', digest.slice(7));
    const { stdout } = await tool('tar', '--list', '--verbose', '--gzip', '--numeric-owner', '--utc', '--file', blob);
    const lines = stdout.trimEnd().split('\n');
    for (const line of lines) assert.match(line, /^\S+ 0\/0 +\d+ 1970-01-01 00:00 /);
    names.push(...lines.map((line) => line.split(' 00:00 ')[1] ?? ''));
  }
  assert.ok(names.includes('usr/local/bin/node'));
  assert.ok(names.includes('app/enclave/greeter.sgxs'));
  const programs = names.filter((name) => /(?:^|\/)s?bin\/[^/]+$/.test(name) && !name.startsWith('app/node_modules/'));
  assert.deepEqual(programs, ['usr/local/bin/node']);
});

test('verify ties layout and archive to measurement and signer', async () => {
  const { mrEnclave, mrSigner } = built['identity'] as Record<string, string>;
  for (const path of [layout, archive]) {
    const verified = await json([
      'image',
      'verify',
      path,
      '--mrenclave',
      mrEnclave ?? '',
      '--mrsigner',
      mrSigner ?? '',
    ]);
    assert.deepEqual([verified['digest'], verified['expectedOfEnclave']], [built['digest'], true]);
  }
  const verifying = async (...argv: readonly string[]): Promise<string> =>
    (await enclos(['image', 'verify', layout, ...argv])).stdout;
  assert.match(await verifying('--mrsigner', mrSigner ?? ''), /^✔ sha256:[0-9a-f]{64} holds the enclave greeter\n/);
  assert.match(
    await verifying(),
    /^⚠ No enclave was named, so an image with any enclave passes: .*\n· sha256:[0-9a-f]{64} holds the enclave/,
  );
  const other = await enclos(['image', 'verify', layout, '--mrsigner', '00'.repeat(32)]);
  assert.equal(other.code, 4);
});

test('deploy takes digest and enclave from the image, and refuses one that deploy.json does not expect', async () => {
  const { mrEnclave, mrSigner, productId, securityVersion } = built['identity'] as Record<string, string | number>;
  const image = 'registry.example/greeter';
  const said = { mrEnclave, mrSigner, productId, securityVersion };
  const deploy = async (name: string, settings: object): Promise<Ran & { readonly out: string }> => {
    const place = join(folder, `deploy-${name}`);
    mkdirSync(place);
    writeFileSync(join(place, 'deploy.json'), JSON.stringify({ name: 'greeter', image, ...settings }));
    const out = join(place, 'deploy/software');
    return { ...(await enclos(['deploy', '--image-layout', layout], place)), out };
  };
  for (const [name, settings] of [
    ['unsaid', {}],
    ['said', { enclave: said }],
  ] as const) {
    const { code, stderr, out } = await deploy(name, settings);
    assert.equal(code, 0, stderr);
    const text = readFileSync(join(out, 'greeter.yaml'), 'utf8');
    assert.ok(text.includes(`image: ${image}@${String(built['digest'])}\n`), text);
    for (const value of [mrEnclave, mrSigner]) assert.match(text, new RegExp(`dev\\.enclos\\.mr\\w+: "?${value}"?\n`));
  }
  const others: Readonly<Record<string, object>> = {
    measurement: { enclave: { ...said, mrEnclave: '00'.repeat(32) } },
    signer: { enclave: { ...said, mrSigner: '00'.repeat(32) } },
    product: { enclave: { ...said, productId: Number(productId) + 1 } },
    version: { enclave: { ...said, securityVersion: Number(securityVersion) + 1 } },
    debug: { enclave: { ...said, debug: true } },
    digest: { image: `${image}@sha256:${'00'.repeat(32)}` },
  };
  for (const [name, settings] of Object.entries(others)) {
    const { code, stderr, out } = await deploy(name, settings);
    assert.deepEqual([code, existsSync(out)], [2, false], name);
    assert.match(stderr, /DEPLOY_SETTINGS_INVALID: .*(?:in the image it is|is another one)/, name);
  }
});

containerTest('skopeo reads layout and archive, copies to a registry, and what it copied verifies', async (t) => {
  const registry = await startRegistry({ referrers: true });
  t.after(() => registry.close());
  for (const image of [`oci:${layout}:latest`, `oci-archive:${archive}:latest`]) {
    const { stdout, stderr } = await tool('skopeo', 'inspect', '--format', '{{.Digest}}', image);
    assert.equal(stdout.trim(), built['digest'], stderr);
  }
  const reference = `${registry.host}/team/greeter:1`;
  const copied = await tool(
    'skopeo',
    'copy',
    '--dest-tls-verify=false',
    `oci:${layout}:latest`,
    `docker://${reference}`,
  );
  assert.equal(copied.code, 0, copied.stderr);
  const verified = await json(['image', 'verify', reference]);
  assert.equal(verified['digest'], built['digest']);
});

containerTest('skopeo reads from a registry what was pushed there', async (t) => {
  const registry = await startRegistry({ referrers: true });
  t.after(() => registry.close());
  const reference = `${registry.host}/team/greeter:2`;
  assert.equal((await json(['image', 'push', layout, reference]))['digest'], built['digest']);
  const seen = await tool(
    'skopeo',
    'inspect',
    '--tls-verify=false',
    '--format',
    '{{.Digest}}',
    `docker://${reference}`,
  );
  assert.equal(seen.stdout.trim(), built['digest'], seen.stderr);
  const pulled = await json(['image', 'pull', reference, '--out', join(folder, 'pulled.oci')]);
  assert.deepEqual(new Set(pulled['referrers'] as string[]), new Set([built['sbom'], built['provenance']]));
});

containerTest(
  'a container runs the enclave: nobody, no capability, no network, nothing to write but /tmp',
  async () => {
    const loaded = await podman('load', '--quiet', '--input', archive);
    assert.equal(loaded.code, 0, loaded.stderr);
    const { code, stdout, stderr } = await podman('run', '--rm', ...confined, 'localhost/greeter:latest', 'Ada');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Ada\. \(greeting 1\)/);
  },
);

containerTest('there is no shell in a container', async () => {
  const { code } = await podman(
    'run',
    '--rm',
    ...confined,
    '--entrypoint',
    '/bin/sh',
    'localhost/greeter:latest',
    '-c',
    'true',
  );
  assert.equal(code, 127);
});

containerTest('with ENCLOS_PLATFORM a container uses the platform outside', async (t) => {
  const platform = await startMachine({ stateFolder: join(folder, 'state') });
  t.after(() => platform.close());
  // The platform names a socket for each enclave beside its own: a host sees them all by the same paths.
  const sockets = dirname(platform.socketPath);
  // A single user's platform takes hosts of that user only, who is root in these tests.
  const outside = ['--user', '0:0', '--volume', `${sockets}:${sockets}`];
  const variables = ['--env', `ENCLOS_PLATFORM=${platform.socketPath}`, '--env', 'ENCLOS_ISOLATION=best'];
  const words = [...confined, ...outside, ...variables, 'localhost/greeter:latest', 'Grace'];
  const { code, stdout, stderr } = await podman('run', '--rm', ...words);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Grace\. \(greeting 1\)/);
});

containerTest('a container that is asked to end does so at once', async () => {
  const waiting = join(folder, 'waiting.tar');
  await json([
    'image',
    'build',
    '--host',
    'src/waits.ts',
    '--tag',
    'waits',
    '--archive',
    waiting,
    '--out',
    join(folder, 'waits.oci'),
  ]);
  assert.equal((await podman('load', '--quiet', '--input', waiting)).code, 0);
  const started = await podman('run', '--detach', '--name', 'waits', ...confined, 'localhost/greeter:waits');
  assert.equal(started.code, 0, started.stderr);
  try {
    for (let tries = 0; !(await podman('logs', 'waits')).stdout.includes('ready'); tries += 1) {
      assert.ok(tries < 60, (await podman('logs', 'waits')).stderr);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    assert.equal((await podman('stop', '--time', '60', 'waits')).code, 0);
    const { stdout } = await podman('inspect', '--format', '{{.State.ExitCode}}', 'waits');
    assert.equal(stdout.trim(), '143');
  } finally {
    await podman('rm', '--force', 'waits');
  }
});

test('an enclave that wants connections passed: build says that it needs a platform, verify shows it, and both know its relayed image', async () => {
  const served = join(folder, 'served');
  cpSync(project, served, { recursive: true, filter: (path) => !path.endsWith('.enclos'), verbatimSymlinks: true });
  const manifest = JSON.parse(readFileSync(join(served, 'enclave.json'), 'utf8')) as object;
  const listen = [{ name: 'clients', port: 8443, transport: 'passed' }];
  writeFileSync(join(served, 'enclave.json'), JSON.stringify({ ...manifest, listen }));
  const images: string[] = [];
  for (const variant of [[], ['--relayed']]) {
    for (const argv of [['build'], ['sign', '--key', 'signing.key.pem']]) await enclos([...argv, ...variant], served);
    const { code, stdout, stderr } = await enclos(['image', 'build', ...variant], served);
    assert.equal(code, 0, stderr);
    const warning = /wants connections passed \(clients\).*without ENCLOS_PLATFORM it does not start\n/;
    assert.equal(warning.test(stderr), variant.length === 0, stderr);
    const [, path = ''] = /layout +(\S+)/.exec(stdout) ?? [];
    images.push(path);
  }
  assert.deepEqual(images, [join(served, '.enclos/greeter.oci'), join(served, '.enclos/relayed/greeter.oci')]);
  const shown = await Promise.all(
    images.map(async (path) => (await enclos(['image', 'verify', path], served)).stdout.match(/listens.*/)?.[0]),
  );
  assert.deepEqual(
    shown.map((line) => line?.replace(/ +/, ' ')),
    ['listens 8443 (clients, passed)', 'listens 8443 (clients, relayed)'],
  );
  const deploy = (profile: string, path = ''): Promise<Ran> =>
    enclos(
      ['deploy', '--profile', profile, '--epc', '64Mi', '--image', 'registry.example/a', '--image-layout', path],
      served,
    );
  const refused = await deploy('sgx', images[0]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /DEPLOY_PROFILE_UNFIT.*the image wants those of "clients" passed/);
  // Beside the same enclave.json: what is measured counts.
  assert.equal((await deploy('sgx', images[1])).code, 0);
  assert.equal((await deploy('software', images[0])).code, 0);
});

test('an image is not built from what is not signed', async () => {
  const unsigned = join(folder, 'unsigned');
  cpSync(project, unsigned, {
    recursive: true,
    filter: (path) => !/\.(?:oci|sig)$/.test(path),
    verbatimSymlinks: true,
  });
  assert.equal(existsSync(join(unsigned, '.enclos/greeter.sig')), false);
  const { code, stderr } = await enclos(['image', 'build'], unsigned);
  assert.notEqual(code, 0);
  assert.match(stderr, /CLI_NOT_SIGNED/);
});
