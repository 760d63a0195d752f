import assert from 'node:assert/strict';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { containerTest, createPodman, serviceImage } from '@enclos/testkit';
import { post } from './clients.ts';
import { podCases } from './pods.ts';
import { readAnswer, reviewOf } from './reviews.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-webhook-image-'));
const podman = createPodman(join(folder, 'podman'));
const image = 'localhost/enclos-admission:1';
after(async () => {
  await podman('rm', '--all', '--force', '--time', '0');
  rmSync(folder, { recursive: true, force: true });
});

/** What the Deployment says of its container. */
const restrictions = ['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--network', 'host'];

const done = async (...words: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await podman(...words);
  assert.equal(code, 0, `podman ${words.join(' ')}: ${stderr}`);
  return stdout;
};

containerTest('the image of the webhook answers reviews as nobody, on a read-only root', async () => {
  const [archive, layout] = [join(folder, 'image.tar'), join(folder, 'image.oci')];
  const built = await serviceImage('admission', { archive, layout });
  const again = await serviceImage('admission', { archive, layout: join(folder, 'again.oci') });
  assert.equal(again.digest, built.digest);
  assert.ok(built.sizeBytes <= 55_000_000, `${built.sizeBytes} bytes`);
  await done('load', '--quiet', '--input', archive);
  const [facts] = JSON.parse(await done('image', 'inspect', image)) as { Config: Record<string, unknown> }[];
  assert.equal(facts?.Config['User'], '65532:65532');
  assert.deepEqual(facts?.Config['Entrypoint'], ['/usr/local/bin/node', '/app/enclos-admission.mjs']);
  assert.match((await podman('run', '--rm', '--entrypoint', '/bin/sh', image)).stderr, /not found|no such file/i);

  const certificates = join(folder, 'certificates');
  mkdirSync(certificates, { mode: 0o700 });
  chownSync(certificates, 65_532, 65_532);
  const mount = (mode: string): readonly string[] => ['--volume', `${certificates}:/etc/enclos/certificates:${mode}`];
  const place = ['--folder', '/etc/enclos/certificates'];
  await done('run', '--rm', ...restrictions, ...mount('rw'), image, 'certificates', ...place);
  const read = (name: string): string => readFileSync(join(certificates, name), 'utf8');
  const trust = { bundle: read('ca-bundle.crt'), cert: read('tls.crt'), key: read('tls.key') };

  const files = ['--certificate', '/etc/enclos/certificates/tls.crt', '--key', '/etc/enclos/certificates/tls.key'];
  const ports = ['--host', '127.0.0.1', '--port', '0', '--health-port', '0', '--drain-seconds', '0'];
  await done(
    'run',
    '--detach',
    '--name',
    'webhook',
    ...restrictions,
    ...mount('ro'),
    image,
    'serve',
    ...files,
    ...ports,
  );
  const port = await listening();
  const [{ pod, operations } = assert.fail()] = podCases;
  const { status, body } = await post(port, trust, reviewOf(pod));
  assert.equal(status, 200);
  assert.deepEqual(readAnswer(body).operations, operations);
  const processId = (await done('inspect', '--format', '{{.State.Pid}}', 'webhook')).trim();
  const process_ = readFileSync(`/proc/${processId}/status`, 'utf8');
  assert.match(process_, /^Uid:\s+65532\s+65532\s/m);
  assert.match(process_, /^CapBnd:\s+0+$/m);
  await done('stop', '--time', '15', 'webhook');
  assert.equal((await done('wait', 'webhook')).trim(), '0');
});

async function listening(): Promise<number> {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    const log = await done('logs', 'webhook');
    const port = /"event":"listening".*?"port":(\d+)/.exec(log)?.[1];
    if (port !== undefined) return Number(port);
    assert.ok(performance.now() < giveUpAt, log);
    await pause(100);
  }
}
