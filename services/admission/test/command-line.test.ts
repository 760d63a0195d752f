import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { createPrinter } from '@enclos/command-line';
import { readCommandLine } from '../src/command-line/commands.ts';

const image = `registry.example/a@sha256:${'0'.repeat(64)}`;

/** What a command line has the program do. */
async function optionsOf(args: readonly string[]): Promise<object> {
  const call = await readCommandLine(args);
  assert.ok(call.kind === 'command');
  const begun: object[] = [];
  const record = (kind: string) => (options: object) => {
    begun.push({ kind, ...options });
    return Promise.resolve();
  };
  await call.command.execute(call.input, {
    serve: record('serve'),
    certificates: record('certificates'),
    manifests: record('manifests'),
  });
  const [options, ...others] = begun;
  assert.ok(options !== undefined && others.length === 0);
  return options;
}

describe('the command line', () => {
  test('of serve', async () => {
    assert.deepEqual(
      await optionsOf(['serve', '--certificate', 'c', '--key', 'k', '--port', '0', '--drain-seconds', '7']),
      {
        kind: 'serve',
        certificate: 'c',
        key: 'k',
        clientCa: undefined,
        host: undefined,
        port: 0,
        healthPort: 8081,
        drainMs: 7000,
        reloadMs: 5000,
      },
    );
  });

  test('of certificates', async () => {
    assert.deepEqual(await optionsOf(['certificates', '--folder', 'f', '--renew', '--namespace', 'n']), {
      kind: 'certificates',
      folder: 'f',
      name: 'enclos-admission',
      namespace: 'n',
      renew: true,
    });
  });

  test('of manifests', async () => {
    const args = ['manifests', '--folder', 'f', '--image', image, '--api-server-network', '10.0.0.0/8'];
    assert.deepEqual(
      await optionsOf([
        ...args,
        '--api-server-network',
        'fd00::/8',
        '--monitoring-namespace',
        'watch',
        '--api-server-agent',
        'app=konnectivity-agent',
      ]),
      {
        kind: 'manifests',
        folder: 'f',
        certificates: undefined,
        name: 'enclos-admission',
        namespace: 'enclos-admission',
        image,
        replicas: 2,
        apiServerNetworks: ['10.0.0.0/8', 'fd00::/8'],
        apiServerAgent: { key: 'app', value: 'konnectivity-agent' },
        monitoringNamespace: 'watch',
        secret: undefined,
        certManager: false,
        monitoring: false,
        clientCa: undefined,
      },
    );
  });

  test('of help', async () => {
    for (const args of [[], ['help'], ['--help'], ['help', 'serve'], ['serve', '--help']]) {
      const call = await readCommandLine(args);
      assert.ok(call.kind === 'help');
      let shown = '';
      call.show(createPrinter({ color: false, write: (text) => void (shown += text) }));
      assert.match(
        shown,
        args.includes('serve') ? /--drain-seconds SECONDS/ : /^ {2}manifests {5}Write the manifests/m,
      );
    }
  });

  const manifests = ['manifests', '--folder', 'f', '--image', image];
  for (const args of [
    ['serv'],
    ['serve'],
    ['serve', '--certificate', 'c'],
    ['serve', '--certificate', 'c', '--key', ''],
    ['serve', '--certificate', 'c', '--key', 'k', '--port', '65536'],
    ['serve', '--certificate', 'c', '--key', 'k', '--port', '-1'],
    ['serve', '--certificate', 'c', '--key', 'k', '--reload-seconds', '0'],
    ['serve', '--certificate', 'c', '--key', 'k', 'more'],
    ['serve', '--certificate', 'c', '--key', 'k', '--unknown'],
    ['certificates'],
    ['certificates', '--folder', 'f', '--name', 'A'],
    ['certificates', '--folder', 'f', '--namespace', 'a.b'],
    ['manifests', '--folder', 'f'],
    [...manifests, '--cert-manager', '--certificates', 'c'],
    [...manifests, '--secret', 'A'],
    ['manifests', '--folder', 'f', '--image', 'registry.example/a:latest'],
    [...manifests, '--replicas', '0'],
    [...manifests, '--api-server-network', 'everywhere'],
    [...manifests, '--api-server-agent', 'konnectivity-agent'],
    [...manifests, '--monitoring-namespace', '*'],
    [...manifests, '--folder', 'g'],
  ]) {
    test(`refuses ${args.join(' ').replace(image, 'IMAGE')}`, async () => {
      await assert.rejects(optionsOf(args), (error) => isEnclosError(error, 'ADMISSION_USAGE'));
    });
  }
});
