import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { loadEnclave } from '../src/run/enclave.ts';
import { openTelemetry } from '../src/observe/opentelemetry.ts';
import { createInProcessLauncher, loadOptions } from './in-process-enclave.ts';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer('test');

before(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
after(() => context.disable());
afterEach(() => exporter.reset());

function spans(): Map<string, ReadableSpan> {
  return new Map(exporter.getFinishedSpans().map((span) => [span.name, span]));
}

const load = () =>
  loadEnclave({ ...loadOptions(createInProcessLauncher()), instrumentation: openTelemetry({ tracer }) });

describe('spans', () => {
  test('of a load and a start', async () => {
    await (await load()).dispose();
    const loaded = spans().get('example load');
    assert.equal(loaded?.kind, SpanKind.INTERNAL);
    assert.deepEqual(loaded.attributes, {
      'enclos.enclave': 'example',
      'enclos.code': 'OK',
      'enclos.mrenclave': 'ab'.repeat(32),
    });
    assert.ok(spans().has('example start'));
  });

  test('of a call, its call of the host and the call nested in that form a chain below the caller', async () => {
    const enclave = await load();
    const outer = tracer.startSpan('request');
    await context.with(trace.setSpan(context.active(), outer), () => enclave.call.ask());
    outer.end();
    await enclave.dispose();
    const all = spans();
    const parentOf = (name: string) => all.get(name)?.parentSpanContext?.spanId;
    const idOf = (name: string) => all.get(name)?.spanContext().spanId;
    assert.equal(parentOf('example/ask'), idOf('request'));
    assert.equal(parentOf('example/answer'), idOf('example/ask'));
    assert.equal(parentOf('example/echo'), idOf('example/answer'));
    assert.equal(all.get('example/ask')?.kind, SpanKind.CLIENT);
    assert.equal(all.get('example/answer')?.kind, SpanKind.SERVER);
  });

  test('hold sizes and a code, and neither values nor the text of an error', async () => {
    const enclave = await load();
    await enclave.call.echo({ text: 'a secret' });
    await assert.rejects(enclave.call.fail());
    await enclave.dispose();
    const echo = spans().get('example/echo');
    assert.equal(echo?.attributes['enclos.argument_bytes'], 9);
    assert.equal(echo.status.code, SpanStatusCode.UNSET);
    const fail = spans().get('example/fail');
    assert.equal(fail?.attributes['enclos.code'], 'ENCLAVE_APPLICATION_ERROR');
    assert.deepEqual(fail.status, { code: SpanStatusCode.ERROR, message: 'ENCLAVE_APPLICATION_ERROR' });
    assert.deepEqual(fail.events, []);
    const written = exporter.getFinishedSpans().map(({ name, attributes, status }) => ({ name, attributes, status }));
    assert.ok(!/a secret|no record holds/.test(JSON.stringify(written)));
  });

  test('of an untrusted function are active in it, without the baggage of the caller', async () => {
    let seen: { readonly active: string | undefined; readonly baggage: unknown } | undefined;
    const enclave = await loadEnclave({
      ...loadOptions(createInProcessLauncher()),
      instrumentation: openTelemetry({ tracer }),
      untrusted: {
        async answer() {
          await Promise.resolve();
          seen = { active: trace.getActiveSpan()?.spanContext().spanId, baggage: propagation.getActiveBaggage() };
          return 'yes';
        },
      },
    });
    const baggage = propagation.createBaggage({ tenant: { value: 'a' } });
    await context.with(propagation.setBaggage(context.active(), baggage), () => enclave.call.ask());
    await enclave.dispose();
    assert.equal(seen?.active, spans().get('example/answer')?.spanContext().spanId);
    assert.equal(seen?.baggage, undefined);
  });

  test('without an SDK cost no error', async () => {
    const enclave = await loadEnclave({
      ...loadOptions(createInProcessLauncher()),
      instrumentation: openTelemetry(),
    });
    assert.equal(await enclave.call.ask(), 'yes');
    await enclave.dispose();
    assert.deepEqual(exporter.getFinishedSpans(), []);
  });
});
