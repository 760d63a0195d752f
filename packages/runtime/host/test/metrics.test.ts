import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { isErrorCode } from '@enclos/errors';
import { loadEnclave } from '../src/run/enclave.ts';
import { createMetrics, type Metrics } from '../src/observe/metrics.ts';
import { parseExposition } from './exposition-parser.ts';
import { createInProcessLauncher, loadOptions } from './in-process-enclave.ts';

/** A family as `{labels}: value`, without the buckets of a histogram. */
function valuesOf(metrics: Metrics, name: string): Readonly<Record<string, number>> {
  const family = parseExposition(metrics.render()).find((candidate) => candidate.name === name);
  const samples = family?.samples.filter((sample) => !sample.name.endsWith('_bucket')) ?? [];
  return Object.fromEntries(
    samples.map(({ labels, value, name: sample }) => [
      [sample.slice(name.length), ...Object.values(labels)].filter((part) => part !== '').join(' '),
      value,
    ]),
  );
}

describe('metrics', () => {
  test('count calls both ways, by function and code, with their bytes', async () => {
    let nowMs = 0;
    const metrics = createMetrics({ nowMs: () => (nowMs += 1) });
    const enclave = await loadEnclave({ ...loadOptions(createInProcessLauncher()), instrumentation: metrics });
    await enclave.call.echo({ text: 'abc' });
    await enclave.call.ask();
    await assert.rejects(enclave.call.fail());
    await assert.rejects(enclave.call.echo({ text: 'x'.repeat(65) }));
    assert.deepEqual(valuesOf(metrics, 'enclos_calls_total'), {
      'example echo OK': 2,
      'example ask OK': 1,
      'example fail ENCLAVE_APPLICATION_ERROR': 1,
      'example echo EDL_VALUE_REFUSED': 1,
    });
    assert.deepEqual(valuesOf(metrics, 'enclos_host_calls_total'), { 'example answer OK': 1 });
    // echo "abc": 4 and 4 bytes; ask: 0 and 4, answer 0 and 4 the other way, its echo "yes" 4 and 4.
    assert.deepEqual(valuesOf(metrics, 'enclos_call_bytes_total'), {
      'example to_enclave': 12,
      'example from_enclave': 12,
    });
    assert.equal(valuesOf(metrics, 'enclos_call_duration_seconds')['_count example echo'], 3);
    await enclave.dispose();
  });

  test('tell which enclaves run, how many calls are under way, and how many wait', async () => {
    const metrics = createMetrics();
    const launcher = createInProcessLauncher();
    const options = { ...loadOptions(launcher), instrumentation: [metrics] };
    const [first, second] = [await loadEnclave(options), await loadEnclave(options)];
    const mrEnclave = 'ab'.repeat(32);
    assert.deepEqual(valuesOf(metrics, 'enclos_enclaves_up'), { [`example ${mrEnclave}`]: 2 });
    const calls = Array.from({ length: 7 }, () => first.call.hold());
    assert.deepEqual(valuesOf(metrics, 'enclos_calls_in_flight'), { example: 7 });
    assert.deepEqual(valuesOf(metrics, 'enclos_calls_queued'), { example: 3 });
    launcher.enclaves[0]?.kill();
    await Promise.allSettled(calls);
    await first.dispose();
    await second.dispose();
    assert.deepEqual(valuesOf(metrics, 'enclos_calls_in_flight'), { example: 0 });
    assert.deepEqual(valuesOf(metrics, 'enclos_enclaves_up'), { [`example ${mrEnclave}`]: 0 });
    assert.deepEqual(valuesOf(metrics, 'enclos_enclaves_lost_total'), { example: 1 });
    assert.deepEqual(valuesOf(metrics, 'enclos_loads_total'), { 'example OK': 2 });
  });

  test('count what the log dropped', async () => {
    const metrics = createMetrics();
    const launcher = createInProcessLauncher();
    const silent = { error() {}, warn() {}, info() {}, debug() {} };
    const enclave = await loadEnclave({
      ...loadOptions(launcher),
      instrumentation: metrics,
      logger: silent,
      logLimits: { bytesPerSecond: 0, burstBytes: 0 },
    });
    for (let i = 0; i < 5; i++) launcher.enclaves[0]?.endpoint.log(2, 'x');
    await enclave.call.echo({ text: '' });
    await enclave.dispose();
    assert.deepEqual(valuesOf(metrics, 'enclos_log_records_dropped_total'), { example: 5 });
  });

  test('have bounded labels: the function of the interface, the code of the registry, 256 names', () => {
    const metrics = createMetrics();
    const end = { code: 'OK', argumentBytes: 0, resultBytes: 0, mrEnclave: undefined } as const;
    const operation = { kind: 'trusted', mrEnclave: undefined, function: 'f', parent: undefined } as const;
    for (let i = 0; i < 300; i++) metrics.begin?.({ ...operation, enclave: `e${i}` })?.end(end);
    const counted = valuesOf(metrics, 'enclos_calls_total');
    assert.equal(Object.keys(counted).length, 257);
    assert.equal(counted['other f OK'], 44);
  });

  test('of a failed load have the code of the registry', async () => {
    const metrics = createMetrics();
    const launcher = createInProcessLauncher({ beforeLaunch: () => Promise.reject(new Error('not one of ours')) });
    await assert.rejects(loadEnclave({ ...loadOptions(launcher), instrumentation: metrics }));
    assert.deepEqual(valuesOf(metrics, 'enclos_loads_total'), { 'example ENCLAVE_START_FAILED': 1 });
    assert.ok(isErrorCode('ENCLAVE_START_FAILED'));
  });

  test('are served over HTTP, to be read only', async () => {
    const metrics = createMetrics();
    const server = createServer(metrics.handler);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const got = await fetch(url);
    assert.equal(got.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await got.text(), metrics.render());
    const head = await fetch(url, { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), String(Buffer.byteLength(metrics.render())));
    const post = await fetch(url, { method: 'POST', body: 'x' });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('an instrumentation that throws disturbs nothing', async () => {
    const broken = {
      begin: () => {
        throw new Error('begin');
      },
      event: () => {
        throw new Error('event');
      },
    };
    const metrics = createMetrics();
    const enclave = await loadEnclave({
      ...loadOptions(createInProcessLauncher()),
      instrumentation: [broken, { begin: () => ({ end: broken.event }) }, metrics],
    });
    assert.equal(await enclave.call.ask(), 'yes');
    await enclave.dispose();
    assert.equal(valuesOf(metrics, 'enclos_calls_total')['example ask OK'], 1);
  });
});
