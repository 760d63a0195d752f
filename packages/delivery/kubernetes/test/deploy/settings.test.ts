import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isBuildError } from '@enclos/build/diagnostics';
import { deploySchemaDocument, parseDeploySettings } from '../../src/index.ts';

const image = `registry.example/app@sha256:${'a1'.repeat(32)}`;
const good = { name: 'app', image };

function problemsOf(value: object): readonly string[] {
  try {
    parseDeploySettings(JSON.stringify(value, undefined, 1));
    return [];
  } catch (error) {
    assert.ok(isBuildError(error) && error.code === 'DEPLOY_SETTINGS_INVALID');
    return error.diagnostics.map(({ text, line }) => {
      assert.ok(line !== undefined);
      return text;
    });
  }
}

describe('parseDeploySettings()', () => {
  it('takes little', () => assert.deepEqual(problemsOf(good), []));

  const bad: readonly (readonly [string, object, RegExp])[] = [
    ['an unknown key', { replica: 2 }, /unknown key "replica"/],
    ['an unknown key inside', { service: { type: 'ClusterIP', port: 1 } }, /unknown key "port"/],
    ['a name to which nothing can be added', { name: 'a'.repeat(53) }, /at most 52/],
    ['a name in capitals', { name: 'App' }, /^name/],
    ['an image that is none', { image: 'App:1' }, /^image/],
    ['an unknown profile', { profile: 'hardware' }, /^profile/],
    ['an enclave that is neither known nor none', { enclave: 'software' }, /^enclave/],
    ['an unknown kind', { kind: 'DaemonSet' }, /^kind/],
    ['a resource that is no quantity', { resources: { memory: '10MB' } }, /quantity/],
    ['a variable with a space', { env: { 'A B': '1' } }, /^env/],
    ['a variable from nowhere', { env: { A: { secret: 's' } } }, /^env/],
    ['autoscaling by nothing', { autoscaling: { max: 3 } }, /say when to scale/],
    ['autoscaling of a Job', { kind: 'Job', autoscaling: { max: 3, cpu: 50 } }, /Job are not scaled/],
    ['autoscaling below the replicas', { replicas: 4, autoscaling: { max: 3, cpu: 50 } }, /from 1 to max/],
    ['a metric with a space', { autoscaling: { max: 3, metrics: [{ name: 'a b', average: 1 }] } }, /name of a metric/],
    ['a metric of no size', { autoscaling: { max: 3, metrics: [{ name: 'a', average: 'many' }] } }, /quantity/],
    ['a metric of 0', { autoscaling: { max: 3, metrics: [{ name: 'a', average: 0 }] } }, /^autoscaling/],
    ['a port of 0', { listen: [{ name: 'a', port: 0 }] }, /^listen\[0\].port/],
    ['a long name of a port', { listen: [{ name: 'a'.repeat(16), port: 1 }] }, /at most 15/],
    ['a port without a letter', { listen: [{ name: '80', port: 80 }] }, /^listen/],
    [
      'two ports of one name',
      {
        listen: [
          { name: 'a', port: 1 },
          { name: 'a', port: 2 },
        ],
      },
      /used twice/,
    ],
    [
      'two destinations of one name',
      {
        connect: [
          { name: 'a', host: 'a', port: 1 },
          { name: 'a', host: 'b', port: 2 },
        ],
      },
      /used twice/,
    ],
    [
      'a peer of both sorts',
      { listen: [{ name: 'a', port: 1, from: [{ cidr: '10.0.0.0/8', podLabels: {} }] }] },
      /either labels or a cidr/,
    ],
    ['a peer of no sort', { connect: [{ name: 'a', host: 'a', port: 1, to: [{}] }] }, /either labels or a cidr/],
    ['a destination that is nowhere', { connect: [{ name: 'a', host: 'a', port: 1, to: [] }] }, /^connect\[0\].to/],
    ['a network that is none', { listen: [{ name: 'a', port: 1, from: [{ cidr: '10.0.0.0' }] }] }, /10\.0\.0\.0\/8/],
    [
      'a probe of two sorts',
      { listen: [{ name: 'a', port: 1 }], probes: { liveness: { tcp: 'a', command: ['x'] } } },
      /one of tcp/,
    ],
    ['a probe of no sort', { probes: { startup: { periodSeconds: 1 } } }, /one of tcp/],
    [
      'a probe of an unknown port',
      { listen: [{ name: 'a', port: 1 }], probes: { readiness: { tcp: 'b' } } },
      /no port "b"/,
    ],
    ['a target that climbs', { volumes: [{ name: 'a', target: '/a/../b', type: 'memory' }] }, /absolute path/],
    [
      'two volumes at one place',
      {
        volumes: [
          { name: 'a', target: '/a', type: 'memory' },
          { name: 'b', target: '/a', type: 'memory' },
        ],
      },
      /used twice/,
    ],
    ['a volume with a name of the profiles', { volumes: [{ name: 'roots', target: '/a', type: 'memory' }] }, /taken/],
    ['a list of roots without one', { softwareRoots: [] }, /softwareRoots/],
    ['one root that is not in a list', { softwareRoots: 'ab'.repeat(32) }, /softwareRoots/],
    ['roots without fingerprints', { softwareRoots: { fingerprints: [] } }, /softwareRoots/],
    ['a fingerprint that is none', { softwareRoots: { fingerprints: ['ab'] } }, /softwareRoots/],
    [
      'a measurement that is none',
      { enclave: { mrEnclave: '00', mrSigner: '00'.repeat(32), productId: 1, securityVersion: 1 } },
      /mrEnclave/,
    ],
  ];
  for (const [what, change, expected] of bad) {
    it(`refuses ${what}`, () => {
      const problems = problemsOf({ ...good, ...change });
      assert.ok(problems.length > 0);
      assert.match(problems.join('\n'), expected);
    });
  }

  it('points at the place, and guesses what was meant', () => {
    assert.throws(
      () => parseDeploySettings('{\n  "name": "app",\n  "imgae": "x:1"\n}'),
      (error) => {
        assert.ok(isBuildError(error));
        const [diagnostic] = error.diagnostics;
        assert.deepEqual([diagnostic?.line, diagnostic?.column], [3, 3]);
        assert.match(diagnostic?.suggestion ?? '', /"image"/);
        return true;
      },
    );
  });
});

describe('the published JSON Schema', () => {
  it('is the one that the code makes', () => {
    // To renew it, write JSON.stringify(deploySchemaDocument(), null, 2) there and format it.
    const published = new URL('../../../schema/deploy.schema.json', import.meta.url);
    assert.deepEqual(JSON.parse(readFileSync(published, 'utf8')), JSON.parse(JSON.stringify(deploySchemaDocument())));
  });
});
