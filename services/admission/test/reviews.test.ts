import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { answerReview } from '../src/review/answer.ts';
import { askingPod, otherPods, podCases } from './pods.ts';
import { applyTo, readAnswer, reviewOf, uid } from './reviews.ts';

describe('a review of a pod that asks', () => {
  test('there are more than twenty shapes', () => assert.ok(podCases.length > 20));

  for (const { name, pod, operations } of podCases) {
    test(`is answered with exactly this patch: ${name}`, () => {
      const { body, outcome } = answerReview(reviewOf(pod));
      const answer = readAnswer(body);
      assert.deepEqual(answer, {
        uid,
        allowed: true,
        ...(operations.length === 0 ? {} : { patchType: 'JSONPatch' }),
        operations,
      });
      assert.equal(outcome, operations.length === 0 ? 'complete' : 'patched');
    });

    test(`is answered with nothing when the pod comes again: ${name}`, () => {
      const patched = applyTo(pod, operations);
      const answer = readAnswer(answerReview(reviewOf(patched)).body);
      assert.deepEqual(answer.operations, []);
      assert.equal(answer.warnings, undefined);
    });
  }
});

describe('a review of a pod that does not ask', () => {
  for (const [name, pod] of Object.entries(otherPods)) {
    test(`is answered with nothing: ${name}`, () => {
      const { body, outcome } = answerReview(reviewOf(pod));
      assert.deepEqual(readAnswer(body), { uid, allowed: true, operations: [] });
      assert.equal(outcome, 'not-asked');
    });
  }

  const asking = askingPod({ 'enclos.dev/platform': 'software' }, { containers: [{ name: 'app' }] });
  const others = {
    'an update': { operation: 'UPDATE' },
    'a deletion': { operation: 'DELETE', object: null, oldObject: asking },
    'a connection': { operation: 'CONNECT', subResource: 'exec' },
    'a subresource': { subResource: 'ephemeralcontainers' },
    'another kind': { resource: { group: 'apps', version: 'v1', resource: 'deployments' } },
    'another group': { resource: { group: 'example.org', version: 'v1', resource: 'pods' } },
    'another version': { resource: { group: '', version: 'v2', resource: 'pods' } },
    'no resource': { resource: null },
  };
  for (const [name, more] of Object.entries(others)) {
    test(`is answered with nothing: ${name}`, () => {
      const { body } = answerReview(reviewOf(asking, more));
      assert.deepEqual(readAnswer(body), { uid, allowed: true, operations: [] });
    });
  }
});

describe('a wish that cannot be granted', () => {
  const [app, log] = [{ name: 'app' }, { name: 'log' }];
  const software = { 'enclos.dev/platform': 'software' };
  const sgx = { 'enclos.dev/platform': 'sgx', 'enclos.dev/epc': '10Mi' };
  const cases = [
    ['an unknown platform', { 'enclos.dev/platform': 'tdx' }, [app], /neither software nor sgx/],
    ['no platform', {}, [app], /Say for which platform/],
    [
      'two platforms',
      {},
      [{ name: 'app', resources: { limits: { 'sgx.intel.com/epc': '1Mi', 'enclos.dev/software-sgx': '1' } } }],
      /Say for which platform/,
    ],
    ...[2, '2', '1k'].map(
      (amount) =>
        [
          `${typeof amount} ${amount} of the device`,
          software,
          [{ name: 'app', resources: { limits: { 'enclos.dev/software-sgx': amount } } }],
          /at most one enclos\.dev\/software-sgx: one serves all/,
        ] as const,
    ),
    [
      'two devices in a container that the annotation does not name',
      { ...software, 'enclos.dev/containers': 'app' },
      [app, { name: 'log', resources: { requests: { 'enclos.dev/software-sgx': '2' } } }],
      /at most one enclos\.dev\/software-sgx: one serves all/,
    ],
    ['several containers, and none stands out', software, [app, log], /Name the containers/],
    [
      'a container that is not there',
      { ...software, 'enclos.dev/containers': 'app,vault' },
      [app],
      /no container vault/,
    ],
    ['names that are none', { ...software, 'enclos.dev/containers': 'app,' }, [app], /not a list of container names/],
    ['no containers', software, [], /has no containers/],
    ['too many containers', software, Array.from({ length: 257 }, () => app), /more than 256 containers/],
    ['no EPC', { 'enclos.dev/platform': 'sgx' }, [app], /Say how much EPC/],
    ...['0Mi', '-1Mi', '1.5Mi', '10MiB', '1e3', ' 10Mi', '10Ti', '9'.repeat(16)].map(
      (epc) => [`EPC of ${epc}`, { ...sgx, 'enclos.dev/epc': epc }, [app], /not a whole quantity/] as const,
    ),
    [
      'legacy EPC with a unit',
      { 'enclos.dev/platform': 'sgx' },
      [{ name: 'app', resources: { limits: { 'kubernetes.azure.com/sgx_epc_mem_in_MiB': '10Mi' } } }],
      /not a whole number of MiB/,
    ],
    ['a quote provider that is not there', { ...sgx, 'enclos.dev/quote-provider': 'qgs' }, [app], /no container qgs/],
    ['a quote provider that is not a name', { ...sgx, 'enclos.dev/quote-provider': 'A B' }, [app], /neither aesmd nor/],
    [
      "Intel's quote provider that is not a name",
      { ...sgx, 'sgx.intel.com/quote-provider': '' },
      [app],
      /neither aesmd nor/,
    ],
  ] as const;
  for (const [name, annotations, containers, expected] of cases) {
    test(`leaves the pod as it is, and says why: ${name}`, () => {
      const { body, outcome, code } = answerReview(
        reviewOf(askingPod({ ...annotations }, { containers: [...containers] })),
      );
      const { warnings = [], ...answer } = readAnswer(body);
      assert.deepEqual(answer, { uid, allowed: true, operations: [] });
      assert.equal(outcome, 'left');
      assert.equal(code, 'ADMISSION_WISH_REFUSED');
      assert.match(warnings.join(), expected);
      assert.match(warnings.join(), /^enclos: .*The pod was left as it is\.$/);
    });
  }

  const malformed = [
    ['annotations', { metadata: { labels: { 'enclos.dev/inject': 'enabled' }, annotations: [] } }],
    [
      'an annotation',
      { metadata: { labels: { 'enclos.dev/inject': 'enabled' }, annotations: { 'enclos.dev/epc': 1 } } },
    ],
    ['the spec', { spec: 'x' }],
    ['containers', { spec: { containers: {} } }],
    ['a container', { spec: { containers: [7] } }],
    ['a name', { spec: { containers: [{ name: {} }] } }],
    ['resources', { spec: { containers: [{ name: 'app', resources: [] }] } }],
    ['limits', { spec: { containers: [{ name: 'app', resources: { limits: 'x' } }] } }],
    ['the environment', { spec: { containers: [{ name: 'app', env: { A: 'b' } }] } }],
    ['mounts', { spec: { containers: [{ name: 'app', volumeMounts: [[]] }] } }],
    ['volumes', { spec: { containers: [{ name: 'app' }], volumes: 'x' } }],
    ['tolerations', { spec: { containers: [{ name: 'app' }], tolerations: [null] } }],
  ] as const;
  for (const [name, part] of malformed) {
    test(`leaves a pod as it is that has another shape: ${name}`, () => {
      const pod = { ...askingPod(software, { containers: [app] }), ...part };
      const { body, code } = answerReview(reviewOf(pod));
      const { warnings, ...answer } = readAnswer(body);
      assert.deepEqual(answer, { uid, allowed: true, operations: [] });
      assert.equal(code, 'ADMISSION_POD_UNREADABLE');
      assert.equal(warnings?.length, 1);
    });
  }
});

describe('garbage', () => {
  const refused = ['', '{', 'null', '[]', '7', '{}', '{"request":null}', '{"request":[]}', '{"request":{"uid":7}}'];
  for (const text of [...refused, '{"request":{"uid":""}}', '{"request":{"uid":"a\\u0000"}}', '['.repeat(2_000_000)]) {
    test(`has no uid and is refused: ${text.slice(0, 30)}`, () => {
      assert.throws(
        () => answerReview(Buffer.from(text)),
        (error) => isEnclosError(error, 'ADMISSION_REVIEW_UNREADABLE'),
      );
    });
  }

  test('that is nested too deeply, or has too many values, is refused before it is parsed', () => {
    const ask = (text: string) => answerReview(Buffer.from(`{"request":{"uid":"${uid}"},"a":${text}}`));
    assert.ok(ask('['.repeat(99) + ']'.repeat(99)));
    assert.ok(ask(`[${'1,'.repeat(249_000)}1]`));
    for (const text of ['['.repeat(100) + ']'.repeat(100), `[${'1,'.repeat(250_000)}1]`]) {
      assert.throws(() => ask(text), /nested too deeply/);
    }
  });

  test('that is no UTF-8 is refused', () => {
    const body = Buffer.concat([Buffer.from('{"request":{"uid":"1"},"a":"'), Uint8Array.of(0xff), Buffer.from('"}')]);
    assert.throws(
      () => answerReview(body),
      (error) => isEnclosError(error, 'ADMISSION_REVIEW_UNREADABLE'),
    );
  });

  const withUid = {
    'another version': { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', request: { uid } },
    'another kind': { apiVersion: 'admission.k8s.io/v1', kind: 'Pod', request: { uid } },
    'nothing but a uid': { request: { uid } },
    'a creation of a pod without the pod': JSON.parse(
      Buffer.from(reviewOf({}, { object: 'pod' })).toString(),
    ) as object,
  };
  for (const [name, review] of Object.entries(withUid)) {
    test(`that has a uid is allowed with a warning: ${name}`, () => {
      const { body, outcome } = answerReview(Buffer.from(JSON.stringify(review)));
      const { warnings, ...answer } = readAnswer(body);
      assert.deepEqual(answer, { uid, allowed: true, operations: [] });
      assert.deepEqual(warnings, ['enclos: The review is not of admission.k8s.io/v1.']);
      assert.equal(outcome, 'left');
    });
  }
});

test('a review that repeats a key, or holds half of a pair of surrogates, is refused: two readers would see two pods', () => {
  for (const text of ['{"request":{"uid":"a","uid":"b"}}', '{"request":{"uid":"a","object":"\\ud800"}}']) {
    assert.throws(
      () => answerReview(new TextEncoder().encode(text)),
      (error) =>
        isEnclosError(error, 'ADMISSION_REVIEW_UNREADABLE') && error.message === 'The body is not strict JSON.',
    );
  }
});
