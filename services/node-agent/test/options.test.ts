import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseOptions } from '../src/options.ts';
import { optionsOf } from './support.ts';

describe('the options of the agent', () => {
  test('have defaults for everything but the state', () => {
    assert.deepEqual(parseOptions(['--state', '/var/lib/enclos']), {
      kubeletFolder: '/var/lib/kubelet/device-plugins',
      software: {
        devices: 20,
        dra: undefined,
        stateFolder: '/var/lib/enclos',
        ownVendor: false,
        collateral: undefined,
        enclaveUsers: { first: 3_000_000_000, last: 3_000_004_095 },
        runtimeFolder: '/run/enclos',
        cacheFolder: '/var/cache/enclos',
        cgroupRoot: '/host/cgroup',
        allowsMissingIsolation: false,
        maxImageBytes: 16 * 1024 * 1024,
        auditFile: undefined,
        podResources: '/var/lib/kubelet/pod-resources',
        quoteHelper: false,
      },
      hardware: { devices: 110, deviceFolder: '/host/dev', cdiFolder: undefined, epcBytes: undefined },
      report: undefined,
      metrics: undefined,
    });
  });

  test('report nothing unless they are asked to, and then name the node', () => {
    const report = { node: 'node-1.example', events: true, podEvents: true, condition: false, label: true };
    const words = ['--state', '/s', '--events', '--pod-events', '--node-label'];
    assert.deepEqual(optionsOf(...words, '--node', 'node-1.example').report, report);
    assert.equal(optionsOf(...words, '--node', 'a', '--devices', '0').report, undefined);
    for (const node of [[], ['--node', 'a/../b'], ['--node', 'A'], ['--node', '']]) {
      assert.throws(() => parseOptions([...words, ...node]), { code: 'AGENT_USAGE', message: /need --node/ });
    }
  });

  test('leave out one kind of device or the other', () => {
    assert.equal(optionsOf('--devices', '0').software, undefined);
    assert.equal(optionsOf('--state', '/s', '--no-hardware').hardware, undefined);
    assert.equal(optionsOf('--state', '/s', '--no-cgroup').software?.cgroupRoot, undefined);
  });

  test('give devices to claims, beside those of the device plugin or alone, and then name the node', () => {
    const words = ['--state', '/s', '--node', 'node-1', '--dra', '5'];
    const dra = { devices: 5, node: 'node-1', cdiFolder: '/var/run/cdi', kubeletRoot: '/var/lib/kubelet' };
    assert.deepEqual(optionsOf(...words).software?.dra, dra);
    const { devices, dra: alone } = optionsOf(...words, '--devices', '0').software ?? {};
    assert.deepEqual([devices, alone], [0, dra]);
    assert.throws(() => parseOptions(['--state', '/s', '--dra', '5']), {
      message: '--dra needs --node, the name of this node.',
    });
    assert.throws(() => parseOptions([...words.slice(0, -1), '129']), { message: /from 0 to 128/ });
    const long = `/${'k'.repeat(57)}`;
    assert.throws(() => parseOptions([...words, '--kubelet-root', long]), { message: /at most 57 bytes/ });
  });

  test('name a place of collateral', () => {
    const collateral = (...words: readonly string[]) => optionsOf('--state', '/s', ...words).software?.collateral;
    assert.deepEqual(collateral('--collateral', '/etc/collateral'), { path: '/etc/collateral' });
    const url = 'https://vendor.example/{root}/collateral.json';
    const secure = collateral('--collateral', url, '--collateral-ca', '/ca.pem');
    assert.deepEqual(secure, { url, authorityFile: '/ca.pem' });
    const plain = collateral('--collateral', 'http://[::1]:8081/enclos/collateral');
    assert.deepEqual(plain, { url: 'http://[::1]:8081/enclos/collateral', authorityFile: undefined });
  });

  test('name an address for metrics in either family', () => {
    const metrics = (text: string) => optionsOf('--devices', '0', '--metrics', text).metrics;
    assert.deepEqual(metrics('127.0.0.1:9464'), { host: '127.0.0.1', port: 9464 });
    assert.deepEqual(metrics('[::]:0'), { host: '::', port: 0 });
  });

  test('may ask for help instead', () => {
    for (const word of ['--help', '-h']) assert.equal(parseOptions(['--devices', '0', word]), undefined);
  });

  const refused: readonly (readonly [why: RegExp, ...argv: string[]])[] = [
    [/need --state/],
    [/^There is no option --what\.$/, '--state', '/s', '--what'],
    [/^This command takes only options: an option lacks its value, or has one too many\.$/, '--devices', '0', 'secret'],
    [
      /^--state needs a value, and what follows looks like an option\. If it is the value, write --state=DIR\.$/,
      '--state',
      '-secret',
    ],
    [/Neither kind/, '--devices', '0', '--no-hardware'],
    [/from 0 to 1024/, '--state', '/s', '--devices', '1025'],
    [/from 0 to 1024/, '--state', '/s', '--devices', '1e1'],
    [/from the root/, '--state', 's'],
    [/--kubelet has at most 71 bytes/, '--state', '/s', '--kubelet', `/${'d'.repeat(71)}`],
    [/--kubelet has at most 71 bytes/, '--state', '/s', '--kubelet', `/${'é'.repeat(36)}`],
    [/FIRST-LAST/, '--state', '/s', '--enclave-users', '5'],
    [/--enclave-users is a whole/, '--state', '/s', '--enclave-users', '0-5'],
    [/--enclave-users is a whole/, '--state', '/s', '--enclave-users', '1-4294967295'],
    [/from 1 to 512/, '--state', '/s', '--max-image', '513'],
    [/HOST:PORT/, '--devices', '0', '--metrics', '9464'],
    [/HOST:PORT/, '--devices', '0', '--metrics', '::1:9464'],
    [/given more than once/, '--devices', '0', '--devices', '1'],
    [/from 0 to 65535/, '--devices', '0', '--metrics', 'a:65536'],
    [/--epc/, '--devices', '0', '--epc', '-1'],
    [/leave out --collateral/, '--state', '/s', '--own-vendor', '--collateral', '/c'],
    [/--collateral is a path from the root/, '--state', '/s', '--collateral', 'c.json'],
    [/without a user/, '--state', '/s', '--collateral', 'https://a:b@vendor/c'],
    [/goes with an https address/, '--state', '/s', '--collateral', 'http://vendor/c', '--collateral-ca', '/ca.pem'],
  ];
  for (const [why, ...argv] of refused) {
    test(`are refused: ${argv.join(' ') || 'none'}`, () => {
      assert.throws(() => parseOptions(argv), { code: 'AGENT_USAGE', message: why });
    });
  }
});
