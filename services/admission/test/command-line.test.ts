import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { parseCommandLine } from '../src/command-line.ts';

const image = `registry.example/a@sha256:${'0'.repeat(64)}`;

describe('the command line', () => {
  test('of serve', () => {
    assert.deepEqual(
      parseCommandLine(['serve', '--certificate', 'c', '--key', 'k', '--port', '0', '--drain-seconds', '7']),
      {
        kind: 'serve',
        certificate: 'c',
        key: 'k',
        host: undefined,
        port: 0,
        healthPort: 8081,
        drainMs: 7000,
        reloadMs: 5000,
      },
    );
  });

  test('of certificates', () => {
    assert.deepEqual(parseCommandLine(['certificates', '--folder', 'f', '--renew', '--namespace', 'n']), {
      kind: 'certificates',
      folder: 'f',
      name: 'enclos-admission',
      namespace: 'n',
      renew: true,
    });
  });

  test('of manifests', () => {
    const args = ['manifests', '--folder', 'f', '--image', image, '--api-server-network', '10.0.0.0/8'];
    assert.deepEqual(
      parseCommandLine([
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
        namespace: 'enclos-system',
        image,
        replicas: 2,
        apiServerNetworks: ['10.0.0.0/8', 'fd00::/8'],
        apiServerAgent: { key: 'app', value: 'konnectivity-agent' },
        monitoringNamespace: 'watch',
      },
    );
  });

  test('of help', () => {
    for (const args of [[], ['help'], ['--help']]) assert.deepEqual(parseCommandLine(args), { kind: 'help' });
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
    ['manifests', '--folder', 'f', '--image', 'registry.example/a:latest'],
    [...manifests, '--replicas', '0'],
    [...manifests, '--api-server-network', 'everywhere'],
    [...manifests, '--api-server-agent', 'konnectivity-agent'],
    [...manifests, '--monitoring-namespace', '*'],
  ]) {
    test(`refuses ${args.join(' ').replace(image, 'IMAGE')}`, () => {
      assert.throws(
        () => parseCommandLine(args),
        (error) => isEnclosError(error, 'ADMISSION_USAGE'),
      );
    });
  }
});
