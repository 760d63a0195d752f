import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMetrics, type EnclosLogger, type LogFields } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { createWorkshop, withProbe, type Workshop } from '@enclos/process-kit';

let workshop: Workshop;
let platform: EmbeddedPlatform;
before(async () => {
  workshop = createWorkshop();
  platform = await workshop.startPlatform('observed');
});
after(() => workshop.close());

function keeper() {
  const records: (readonly [level: string, event: unknown, message: string])[] = [];
  const method =
    (level: string) =>
    ({ event }: LogFields, message: string): void =>
      void records.push([level, event, message]);
  const logger: EnclosLogger = {
    error: method('error'),
    warn: method('warn'),
    info: method('info'),
    debug: method('debug'),
  };
  return {
    logger,
    lines: () => records.filter(([, event]) => event === 'line').map(([level, , text]) => [level, text]),
  };
}

const levels = ['error', 'warn', 'info', 'debug', 'trace'] as const;

async function linesAt(debug: boolean, logLevel: (typeof levels)[number]) {
  const { logger, lines } = keeper();
  const signed = await workshop.signed('probe', { debug });
  await withProbe(
    platform,
    signed,
    async (call) => {
      for (const level of levels) await call.logAt({ level, text: level });
    },
    { logger, logLevel },
  );
  return lines();
}

describe('the log of a real enclave', () => {
  test('in production is info and above, whatever the host asks for', async () => {
    assert.deepEqual(await linesAt(false, 'trace'), [
      ['error', 'error'],
      ['warn', 'warn'],
      ['info', 'info'],
    ]);
    assert.deepEqual(await linesAt(false, 'error'), [['error', 'error']]);
  });

  test('of a debug enclave is all that the host asks for', async () => {
    assert.deepEqual(await linesAt(true, 'trace'), [
      ['error', 'error'],
      ['warn', 'warn'],
      ['info', 'info'],
      ['debug', 'debug'],
      ['debug', 'trace'],
    ]);
  });
});

test('metrics count the calls of a real enclave and of its host', async () => {
  const metrics = createMetrics();
  const signed = await workshop.signed('probe');
  await withProbe(platform, signed, (call) => call.nest({ remaining: 2 }), { instrumentation: metrics });
  const text = metrics.render();
  assert.match(text, /^enclos_calls_total\{enclave="probe",function="nest",code="OK"\} 2$/m);
  assert.match(text, /^enclos_host_calls_total\{enclave="probe",function="nest",code="OK"\} 1$/m);
  assert.match(text, /^enclos_enclaves_up\{enclave="probe",mrenclave="[0-9a-f]{64}"\} 0$/m);
});
