import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { enclos, errorOf, temporaryFolder } from '../../cli.ts';

const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: app}\nspec:\n${spec}`;
const good = pod('  containers: [{name: app, image: "app:1.0"}]\n');
const bad = pod('  containers:\n    - name: app\n      imgae: app:1.0\n');
const old = pod(
  '  containers:\n    - name: app\n      image: app:1.0\n      resources: {limits: {kubernetes.azure.com/sgx_epc_mem_in_MiB: 10}}\n',
);
const epc = pod('  containers: [{name: app, image: "app:1.0", resources: {limits: {sgx.intel.com/epc: 10Mi}}}]\n');

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('enclos lint', () => {
  it('says that good manifests are good', async () => {
    const ran = await enclos(['lint', 'app.yaml'], { cwd: folderWith({ 'app.yaml': good }) });
    assert.deepEqual([ran.code, ran.stderr], [0, '']);
    assert.equal(ran.stdout, '✔ 0 errors, 0 warnings (1 documents in 1 files, 0 with enclaves)\n');
  });

  it('shows a finding with code, place, line and fix', async () => {
    const ran = await enclos(['lint', 'app.yaml'], { cwd: folderWith({ 'app.yaml': bad }) });
    assert.equal(ran.code, 2);
    assert.equal(
      ran.stdout,
      [
        'error unknown field "spec.containers[0].imgae" [K8S_FIELD_UNKNOWN]',
        '  app.yaml:7:7',
        '  7 │       imgae: app:1.0',
        '    │       ^^^^^',
        '  use: "image" — did you mean that?',
        '',
        '✖ 1 errors, 0 warnings (1 documents in 1 files, 0 with enclaves)',
        '',
      ].join('\n'),
    );
  });

  it('reads a folder, but not what is hidden, installed or something else', async () => {
    const cwd = folderWith({
      'a/one.yaml': good,
      'a/b/two.yml': bad,
      'c.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: { containers: [{ name: 'a', image: 'a' }] },
      }),
      'node_modules/x/bad.yaml': bad,
      '.git/bad.yaml': bad,
      'notes.md': bad,
    });
    const ran = await enclos(['lint', '.', '--json'], { cwd });
    const { files, errors, findings } = ran.json() as { files: number; errors: number; findings: { file: string }[] };
    assert.deepEqual([ran.code, files, errors], [2, 3, 1]);
    assert.deepEqual(
      findings.map(({ file }) => file),
      ['a/b/two.yml'],
    );
  });

  it('takes several files and folders, reads each file once, and standard input beside them', async () => {
    const cwd = folderWith({ 'a/one.yaml': bad, 'two.yaml': bad, 'three.yaml': bad });
    const paths = ['two.yaml', 'a', 'a/one.yaml', '-'];
    const ran = await enclos(['lint', ...paths, '--json'], { cwd, stdin: [new TextEncoder().encode(bad)] });
    const { files, findings } = ran.json() as { files: number; findings: { file: string }[] };
    assert.deepEqual([files, findings.map(({ file }) => file)], [3, ['two.yaml', 'a/one.yaml', '<stdin>']]);
    const absent = await enclos(['lint', 'two.yaml', 'four.yaml', '--json'], { cwd });
    assert.equal(errorOf(absent).code, 'CLI_FILE_UNREADABLE');
  });

  it('lets warnings pass, unless it is strict', async () => {
    const cwd = folderWith({ 'old.yaml': old });
    const ran = await enclos(['lint', 'old.yaml'], { cwd });
    assert.equal(ran.code, 0);
    assert.match(ran.stdout, /^warning .*\[SGX_EPC_SPELLING\]/);
    assert.equal((await enclos(['lint', 'old.yaml', '--strict'], { cwd })).code, 2);
  });

  it('reads standard input', async () => {
    const pieces = [...new TextEncoder().encode(bad.replace('app:1.0', 'äpp:1.0'))].map((byte) => Uint8Array.of(byte));
    const ran = await enclos(['lint', '-'], { stdin: pieces });
    assert.equal(ran.code, 2);
    assert.match(ran.stdout, /<stdin>:7:7/);
    const refused = await enclos(['lint', '-', '--json'], { stdin: [Uint8Array.of(0xff)] });
    assert.equal(errorOf(refused).code, 'CLI_FILE_INVALID');
  });

  it('takes taints of the nodes, and labels of images', async () => {
    const labels = JSON.stringify({
      'app:1.0': { 'dev.enclos.debug': 'true', 'dev.enclos.mrenclave': '0', 'dev.enclos.mrsigner': '0' },
    });
    const cwd = folderWith({ 'epc.yaml': epc, 'labels.json': labels, 'other.json': '{"app": 1}' });
    const tainted = await enclos(['lint', 'epc.yaml', '--taint', 'sgx.intel.com/epc:NoSchedule'], { cwd });
    assert.match(tainted.stdout, /TOLERATION_MISSING/);
    const debug = await enclos(['lint', 'epc.yaml', '--image-labels', 'labels.json'], { cwd });
    assert.match(debug.stdout, /IMAGE_ENCLAVE_DEBUG/);
    const wrong = await enclos(['lint', 'epc.yaml', '--taint', 'NoSchedule', '--json'], { cwd });
    assert.deepEqual([wrong.code, errorOf(wrong).code], [2, 'CLI_USAGE']);
    const noLabels = await enclos(['lint', 'epc.yaml', '--image-labels', 'other.json', '--json'], { cwd });
    assert.equal(errorOf(noLabels).code, 'CLI_FILE_INVALID');
  });

  it('goes by the day of the command', async () => {
    const size = epc.replace(
      'spec:\n',
      'spec:\n  nodeSelector: {node.kubernetes.io/instance-type: Standard_DC2s_v2}\n',
    );
    const cwd = folderWith({ 'app.yaml': size });
    const on = (day: string) => enclos(['lint', 'app.yaml'], { cwd, now: () => new Date(day) });
    assert.equal((await on('2026-06-01')).code, 0);
    assert.equal((await on('2026-07-01')).code, 2);
  });

  it('says what is not there', async () => {
    const ran = await enclos(['lint', 'none.yaml', '--json']);
    assert.equal(errorOf(ran).code, 'CLI_FILE_UNREADABLE');
  });
});
