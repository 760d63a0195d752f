// The steps at which the stranger's image meets a machine: root has podman and a platform there, the stranger a client.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { importBuilt } from '../lib/workspace.mjs';
import { StepFailure, expectLines } from './play.mjs';

/** Why there is no pod here; undefined where there is one. */
export async function podMissing() {
  const { containersMissing } = await importBuilt('tools/testkit/dist/src/index.js');
  const { separationSkipped } = await importBuilt('tests/kit/dist/src/separated/separated.js');
  return containersMissing ?? (separationSkipped() || undefined);
}

/** A machine of its own with a separated platform, for pods. Root makes it. */
export async function createMachine() {
  const { createPodMachine } = await importBuilt('tests/kit/dist/src/hosts/pod-machine.js');
  return createPodMachine();
}

/** Runs an image that `image build --archive` wrote, by the manifest that `deploy` wrote, until its enclave is there. */
export async function playPod(machine, { project, name }, { leftMs }) {
  await machine.podman('load', '--quiet', '--input', join(project, 'image.tar'));
  await machine.podman('kube', 'play', join(project, `deploy/podman/${name}.yaml`));
  const end = performance.now() + leftMs();
  for (;;) {
    const logs = await machine.podman('logs', `${name}-pod-${name}`);
    if (/^0\.0\.0\.0:\d+, enclave [0-9a-f]{64}$/m.test(logs)) return;
    if (performance.now() > end) throw new StepFailure(`the pod is not ready: ${logs}`);
    await sleep(200);
  }
}

/**
 * The stranger's commands on that machine. The policy comes from what the pod says, and is compared with the sources and with
 * the root of the platform's vendor, as the page says; another enclave is refused.
 */
const verification = `
npx --no enclos policy init --from localhost:8443 --out policy.json
grep -q "$(sha256sum .enclos/NAME.sgxs | cut -d ' ' -f 1)" policy.json && echo "the enclave of the sources"
grep -q "$ROOT" policy.json && echo "the root of the vendor"
proxy() {
  npx --no enclos proxy localhost:8443 --policy "$1" --listen "127.0.0.1:$2" > "$1.log" 2>&1 &
  until grep -q listening "$1.log" || ! kill -0 $!; do sleep 0.2; done
}
proxy policy.json 8768
curl --silent --show-error --data tea http://127.0.0.1:8768/vote
curl --silent --show-error --data water --write-out ' (%{http_code})\\n' http://127.0.0.1:8768/vote
curl --silent --show-error http://127.0.0.1:8768/result && echo
sed "s/$(sha256sum .enclos/NAME.sgxs | cut -d ' ' -f 1)/$(printf %064d 0)/" policy.json > other.json
proxy other.json 8769
curl --silent --show-error --data tea --write-out ' (%{http_code})\\n' http://127.0.0.1:8769/vote
curl --silent --show-error http://127.0.0.1:8768/result && echo
kill %1 %2 && wait
cat policy.json.log
`;

const verified = `…wrote …policy.json
the enclave of the sources
the root of the vendor
counted
…Only tea or coffee.… (400)
{"tea":1}
APPRAISAL_REFUSED: …
…(502)
{"tea":1}
✔ listening at http://127.0.0.1:8768 for localhost:8443
⚠ The server runs on a software platform…
✔ accepted: fresh evidence of sgx…`;

/** Evidence, verified by the proxy and by curl through it. */
export async function askThroughProxy(machine, { project, name }, { user, leftMs }) {
  const script = verification.replaceAll('NAME', name);
  const limit = ['timeout', '--signal=KILL', `${leftMs() / 1000}`];
  const words = [...user.words, `ROOT=${machine.root.fingerprint}`, 'bash', '-ec', script];
  const { code, stdout, stderr } = await machine.run(project, ...limit, ...words);
  if (code !== 0) throw new StepFailure(`exit code ${code}: ${stdout}${stderr}`);
  expectLines(verified, stdout);
}
