import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { templates } from '../../../src/commands/new/create-project.ts';
import { enclos, errorOf, newProject, temporaryFolder } from '../../cli.ts';

const image = `registry.example/vault@sha256:${'a1'.repeat(32)}`;

function project(settings: object, enclave?: object): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'deploy.json'), JSON.stringify({ name: 'vault', ...settings }, undefined, 2));
  if (enclave !== undefined) writeFileSync(join(folder, 'enclave.json'), JSON.stringify(enclave));
  return folder;
}

describe('enclos deploy', () => {
  it('writes one file, and says what protects the enclave', async () => {
    const cwd = project({ image });
    const ran = await enclos(['deploy'], { cwd });
    assert.deepEqual([ran.code, ran.stderr], [0, '']);
    assert.match(ran.stdout, /✔ wrote .*\/deploy\/software\/vault\.yaml\n {2}boundary: software SGX/);
    assert.match(readFileSync(join(cwd, 'deploy/software/vault.yaml'), 'utf8'), /enclos\.dev\/software-sgx: "1"/);
    assert.match((await enclos(['deploy'], { cwd })).stdout, /✔ unchanged/);
  });

  it('takes ports and destinations of enclave.json', async () => {
    const cwd = project(
      { image },
      { name: 'vault', productId: 1, securityVersion: 1, listen: [{ name: 'https', port: 8443 }] },
    );
    const { stdout } = await enclos(['deploy', '--print'], { cwd });
    assert.match(stdout, /containerPort: 8443/);
    assert.equal(existsSync(join(cwd, 'deploy')), false);
  });

  it('has no profile of SGX hardware for a program, which nothing runs there', async () => {
    const settings = { image, resources: { 'sgx.intel.com/epc': '10Mi' } };
    const program = { name: 'vault', productId: 1, securityVersion: 1, program: { file: 'server' } };
    const cwd = project(settings, program);
    for (const profile of ['sgx', 'aks-sgx']) {
      const ran = await enclos(['deploy', '--profile', profile, '--json'], { cwd });
      assert.deepEqual([ran.code, errorOf(ran).code], [2, 'DEPLOY_PROFILE_UNFIT']);
      assert.match(errorOf(ran).message, /^The enclave is a program, /);
      assert.deepEqual(readdirSync(cwd).toSorted(), ['deploy.json', 'enclave.json']);
      const { program: _, ...script } = program;
      const ofScript = project(settings, script);
      assert.equal((await enclos(['deploy', '--profile', profile], { cwd: ofScript })).code, 0);
    }
    for (const profile of ['software', 'aks-snp', 'podman']) {
      assert.equal((await enclos(['deploy', '--profile', profile], { cwd })).code, 0, profile);
    }
  });

  it('has no such profile for an enclave with companions either, and gives them memory', async () => {
    const companions = [{ name: 'engine', source: 'engine.ts', processes: 2, memory: '1GB' }];
    const enclave = { name: 'vault', productId: 1, securityVersion: 1, heapSize: '64MB', companions };
    const settings = { image, resources: { 'sgx.intel.com/epc': '10Mi' } };
    const ran = await enclos(['deploy', '--profile', 'sgx', '--json'], { cwd: project(settings, enclave) });
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'DEPLOY_PROFILE_UNFIT']);
    assert.match(errorOf(ran).message, /^The enclave has companions, /);
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'enclave.json'), JSON.stringify(enclave));
    const { stdout } = await enclos(['deploy', '--image', image, '--print'], { cwd });
    assert.match(stdout, /memory: 2560Mi/);
  });

  it('makes settings when there are none, says what they are, and never changes them', async () => {
    const cwd = temporaryFolder();
    const enclave = { name: 'auction', productId: 1, securityVersion: 1, listen: [{ name: 'clients', port: 8443 }] };
    writeFileSync(join(cwd, 'enclave.json'), JSON.stringify({ ...enclave, heapSize: '64MB' }));
    const dry = await enclos(['deploy', '--image', image, '--dry-run'], { cwd });
    assert.match(dry.stderr, /✔ would write .*\/deploy\.json, made from enclave\.json\n/);
    assert.doesNotMatch(dry.stdout, /deploy\.json, made/);
    assert.deepEqual(readdirSync(cwd), ['enclave.json']);

    const ran = await enclos(['deploy', '--image', image], { cwd });
    assert.equal(
      ran.stdout,
      [
        `✔ wrote ${cwd}/deploy.json, made from enclave.json`,
        '  kind       Deployment',
        '  resources  500m cpu, 384Mi memory for each pod',
        '  listen     8443 (clients)',
        '  service    pods of the namespace reach the ports, and nothing else does',
        '  probes     a pod is ready when its port 8443 accepts connections',
        `✔ wrote ${cwd}/deploy/software/auction.yaml`,
        '  boundary: software SGX: other pods cannot read the enclave; the node and its administrators can, and its evidence says so',
        '',
      ].join('\n'),
    );
    const written = readFileSync(join(cwd, 'deploy.json'), 'utf8');
    assert.match(written, /"probes": \{\s+"readiness": \{\s+"tcp": "clients"/);
    writeFileSync(join(cwd, 'enclave.json'), JSON.stringify({ ...enclave, listen: [{ name: 'clients', port: 9443 }] }));
    const again = await enclos(['deploy', '--image', image], { cwd });
    assert.doesNotMatch(again.stdout, /made from/);
    assert.equal(readFileSync(join(cwd, 'deploy.json'), 'utf8'), written);
  });

  it('does not follow a deploy.json that is a link to nowhere', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'enclave.json'), JSON.stringify({ name: 'count', productId: 1, securityVersion: 1 }));
    symlinkSync(join(cwd, 'elsewhere.json'), join(cwd, 'deploy.json'));
    const ran = await enclos(['deploy', '--image', image], { cwd });
    assert.equal(ran.code, 2);
    assert.match(
      ran.stderr,
      /DEPLOY_FILE_FOREIGN: .*\/deploy\.json is in the way: a link that leads nowhere, or a file/,
    );
    assert.equal(existsSync(join(cwd, 'elsewhere.json')), false);
  });

  it('makes a Job for an enclave that does not listen, and says why', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'enclave.json'), JSON.stringify({ name: 'count', productId: 1, securityVersion: 1 }));
    const ran = await enclos(['deploy', '--image', image], { cwd });
    assert.match(ran.stdout, / {2}kind {7}Job, because the enclave does not listen: it runs once\n/);
    assert.match(readFileSync(join(cwd, 'deploy/software/count.yaml'), 'utf8'), /kind: Job/);
  });

  for (const template of templates) {
    it(`takes a new ${template}, and finds nothing to warn of in its manifests`, async () => {
      const cwd = await newProject('greeter', ['--template', template]);
      const ran = await enclos(['deploy', '--image', image, '--json'], { cwd });
      assert.equal(ran.code, 0, ran.stderr);
      const { warnings, objects } = ran.json() as { warnings: unknown[]; objects: { kind: string }[] };
      assert.deepEqual(warnings, []);
      const serves = template.endsWith('service') || template === 'go';
      assert.equal(objects.at(-1)?.kind, serves ? 'Deployment' : 'Job');
      assert.equal(
        objects.some(({ kind }) => kind === 'Service'),
        serves,
      );
    });
  }

  it('says that folders of the host need volumes', async () => {
    const cwd = temporaryFolder();
    const mounts = [
      { target: '/out', type: 'hostfs' },
      { target: '/tmp', type: 'memfs' },
    ];
    const enclave = { name: 'count', productId: 1, securityVersion: 1, mounts };
    writeFileSync(join(cwd, 'enclave.json'), JSON.stringify(enclave));
    const ran = await enclos(['deploy', '--image', image], { cwd });
    assert.match(
      ran.stdout,
      / {2}volumes {4}none yet: the enclave has folders of its host at \/out, and the root of a pod/,
    );
  });

  it('writes no settings when there is no image to run, or nothing to make them from', async () => {
    const cwd = temporaryFolder();
    const none = await enclos(['deploy', '--image', image], { cwd });
    assert.match(none.stderr, /There is no .*deploy\.json, and no enclave\.json of Enclos beside it to make one from/);
    writeFileSync(join(cwd, 'enclave.json'), JSON.stringify({ name: 'count', productId: 1, securityVersion: 1 }));
    const ran = await enclos(['deploy'], { cwd });
    assert.match(ran.stderr, /There is no image\. Write "image" in deploy\.json, or give --image NAME@sha256:DIGEST/);
    const other = await enclos(['deploy', 'other.json', '--image', image], { cwd });
    assert.match(other.stderr, /There is no .*other\.json/);
    assert.deepEqual(readdirSync(cwd), ['enclave.json']);
  });

  it('believes no image that is none', async () => {
    const cwd = project({ image });
    const ran = await enclos(['deploy', '--image-layout', 'none.oci', '--json'], { cwd });
    assert.equal(errorOf(ran).code, 'OCI_LAYOUT_INVALID');
    assert.equal(existsSync(join(cwd, 'deploy')), false);
  });

  it('lets the command line win', async () => {
    const cwd = project({ profile: 'software' });
    const argv = [
      'deploy',
      cwd,
      '--image',
      image,
      '--profile',
      'aks-sgx',
      '--epc',
      '10Mi',
      '--replicas',
      '3',
      '--namespace',
      'team',
    ];
    const ran = await enclos([...argv, '--json']);
    const { profile, objects, written, folder } = ran.json() as {
      profile: string;
      written: boolean;
      folder: string;
      objects: { kind: string; metadata: { namespace: string }; spec?: { replicas?: number } }[];
    };
    assert.deepEqual([ran.code, profile, written, folder], [0, 'aks-sgx', true, join(cwd, 'deploy/aks-sgx')]);
    assert.ok(objects.every(({ metadata }) => metadata.namespace === 'team'));
    assert.equal(objects.at(-1)?.spec?.replicas, 3);
  });

  it('shows what would change, and changes nothing', async () => {
    const cwd = project({ image });
    const before = await enclos(['deploy', '--dry-run'], { cwd });
    assert.match(before.stdout, /^--- \/dev\/null\n\+\+\+ b\/vault\.yaml\n/);
    assert.equal(existsSync(join(cwd, 'deploy')), false);
    await enclos(['deploy'], { cwd });
    assert.match((await enclos(['deploy', '--dry-run'], { cwd })).stdout, /nothing to change/);
    const after = await enclos(['deploy', '--dry-run', '--replicas', '2'], { cwd, color: true });
    assert.match(after.stdout, /\u001B\[31m- {2}replicas: 1\u001B/);
    assert.match(after.stdout, /\u001B\[32m\+ {2}replicas: 2\u001B/);
  });

  it('prints the manifest alone, and says the rest beside it', async () => {
    const cwd = project({ image, connect: [{ name: 'db', host: 'db.example\u001B[2J', port: 5432 }] });
    const ran = await enclos(['deploy', '--print'], { cwd });
    assert.match(ran.stdout, /^# Written by `enclos deploy`/);
    assert.match(ran.stderr, /port 5432 of every host is open for db\.example \[2J/);
    assert.doesNotMatch(ran.stdout + ran.stderr, /\u001B/);
  });

  it('writes a kustomize base, and removes what is not of it any more', async () => {
    const cwd = project({ image, replicas: 2 });
    const argv = ['deploy', '--format', 'kustomize', '--out', 'base'];
    await enclos(argv, { cwd });
    writeFileSync(join(cwd, 'base/mine.yaml'), 'mine: true\n');
    assert.ok(readdirSync(join(cwd, 'base')).includes('pod-disruption-budget.yaml'));
    const ran = await enclos([...argv, '--replicas', '1'], { cwd });
    assert.match(ran.stdout, /✔ removed .*pod-disruption-budget\.yaml/);
    assert.deepEqual(readdirSync(join(cwd, 'base')).sort(), [
      'deployment.yaml',
      'kustomization.yaml',
      'mine.yaml',
      'network-policy.yaml',
      'service-account.yaml',
    ]);
  });

  it('never writes over a file of somebody else', async () => {
    const cwd = project({ image });
    writeFileSync(join(cwd, 'vault.yaml'), 'mine: true\n');
    const ran = await enclos(['deploy', '--out', '.', '--json'], { cwd });
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'DEPLOY_FILE_FOREIGN']);
    assert.equal(readFileSync(join(cwd, 'vault.yaml'), 'utf8'), 'mine: true\n');
  });

  it('refuses to write what lint refuses', async () => {
    const cwd = project({ image, nodeSelector: { 'node.kubernetes.io/instance-type': 'Standard_DC2s_v2' } });
    const ran = await enclos(['deploy', '--json'], { cwd, now: () => new Date('2026-07-01') });
    assert.equal(errorOf(ran).code, 'LINT_REFUSED');
    assert.equal(errorOf(ran).diagnostics?.[0]?.['code'], 'AZURE_SIZE_RETIRED');
    assert.equal(existsSync(join(cwd, 'deploy')), false);
    const before = await enclos(['deploy'], { cwd, now: () => new Date('2026-06-01') });
    assert.equal(before.code, 0);
    assert.match(before.stdout, /warning .*\[AZURE_SIZE_RETIRING\]/);
  });

  it('marks what is wrong with deploy.json', async () => {
    const ran = await enclos(['deploy', '--json'], { cwd: project({ image, replica: 2 }) });
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'DEPLOY_SETTINGS_INVALID']);
    assert.match(String(errorOf(ran).diagnostics?.[0]?.['suggestion']), /replicas/);
  });

  it('reads the roots that deploy.json names, beside it', async () => {
    const cwd = project({ image, softwareRoots: { fingerprints: ['ab'.repeat(32)], pem: 'roots.pem' } });
    assert.equal(errorOf(await enclos(['deploy', '--json'], { cwd })).code, 'CLI_FILE_UNREADABLE');
    writeFileSync(join(cwd, 'roots.pem'), 'no certificate');
    assert.equal(errorOf(await enclos(['deploy', '--json'], { cwd })).code, 'DEPLOY_ROOTS_INVALID');
  });

  for (const [argv, expected] of [
    [['--replicas', 'many'], /--replicas/],
    [['--replicas', '1001'], /--replicas/],
    [['--namespace', 'Team'], /--namespace/],
    [['--print', '--format', 'kustomize'], /--print/],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, async () => {
      const ran = await enclos(['deploy', ...argv, '--json'], { cwd: project({ image }) });
      assert.equal(errorOf(ran).code, 'CLI_USAGE');
      assert.match(errorOf(ran).message, expected);
    });
  }
});
