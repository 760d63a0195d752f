import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { containerTest, createPodman, until } from '@enclos/testkit';
import { enclosBin, repository, startProgram } from '@enclos/process-kit/processes/programs';

const folder = mkdtempSync(join(tmpdir(), 'enclos-inference-image-'));
const podman = createPodman(join(folder, 'podman'));
after(async () => {
  await podman('rm', '--all', '--force', '--time', '0');
  rmSync(folder, { recursive: true, force: true });
});
const service = join(repository, 'services/inference');
const models = join(repository, 'samples/inference/models');
/** What a pod with the least rights gives; isolation then lacks layers, as the log says. */
const confined = ['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--network', 'host'];

const done = async (ran: ReturnType<typeof podman>): Promise<string> => {
  const { code, stdout, stderr } = await ran;
  assert.equal(code, 0, stderr);
  return stdout;
};
const enclos = (...argv: readonly string[]): Promise<string> =>
  done(startProgram([process.execPath, enclosBin, ...argv], { cwd: folder }).ended);

containerTest(
  'the image has the native files of its companion with their libraries, and the engine answers',
  async () => {
    const [key, archive] = [join(folder, 'signing.key.pem'), join(folder, 'inference.tar')];
    await enclos('keygen', key);
    await enclos('build', service);
    await enclos('sign', service, '--key', key);
    await enclos('image', 'build', service, '--out', join(folder, 'inference.oci'), '--archive', archive);
    await done(podman('load', '--quiet', '--input', archive));
    const volume = ['--volume', `${models}:/models:ro`, '--tmpfs', '/tmp:rw,exec,mode=1777'];
    const args = ['--models', '/models', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
    const image = 'localhost/inference:latest';
    await done(podman('run', '--detach', '--name', 'inference', ...confined, ...volume, image, ...args));
    let log = '';
    await until('the service answers, or has failed', async () => {
      log = await done(podman('logs', 'inference'));
      return /"event":"(?:listening|failed)"/.test(log);
    });
    const [, port = ''] = /"adminPort":(\d+)/.exec(log) ?? assert.fail(log);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(metrics, /^enclos_inference_engines 2$/m);
    // Each engine has loaded native code and both models.
    assert.match(metrics, /^enclos_inference_model_loads_total\{model="digits",outcome="ok"\} \d+$/m);
    await done(podman('stop', '--time', '20', 'inference'));
    assert.equal((await done(podman('wait', 'inference'))).trim(), '0');
  },
);
