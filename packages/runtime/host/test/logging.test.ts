import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadEnclave } from '../src/run/enclave.ts';
import { LogBudget } from '../src/observe/log-budget.ts';
import { jsonLines, type EnclosLogger, type LogFields, type LogLevel } from '../src/observe/logger.ts';
import { createInProcessLauncher, loadOptions } from './in-process-enclave.ts';

interface Kept {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

function keeper(): { readonly logger: EnclosLogger; readonly kept: Kept[]; readonly events: () => unknown[] } {
  const kept: Kept[] = [];
  const method = (level: LogLevel) => (fields: LogFields, message: string) =>
    void kept.push({ level, fields, message });
  const logger = { error: method('error'), warn: method('warn'), info: method('info'), debug: method('debug') };
  return { logger, kept, events: () => kept.map(({ fields }) => fields['event']) };
}

/** Everything that the enclave sent before has arrived. */
const settled = (call: { echo(args: { text: string }): Promise<string> }): Promise<string> => call.echo({ text: '' });

describe('the log of a host', () => {
  test('has the life of an enclave, with its name and the short MRENCLAVE', async () => {
    const { logger, kept, events } = keeper();
    const enclave = await loadEnclave({ ...loadOptions(createInProcessLauncher()), logger });
    await enclave.dispose();
    assert.deepEqual(events(), ['loaded', 'started', 'disposed']);
    assert.deepEqual(
      kept.map(({ fields }) => [fields['enclave'], fields['mrEnclave']]),
      Array.from({ length: 3 }, () => ['example', 'abababababababab']),
    );
    assert.equal(kept[0]?.fields['isolationMissing'], 'seccomp');
  });

  test('says how a lost enclave ended, in one line', async () => {
    const { logger, kept, events } = keeper();
    const launcher = createInProcessLauncher();
    const enclave = await loadEnclave({ ...loadOptions(launcher), logger });
    launcher.enclaves[0]?.kill();
    await enclave.exited;
    await enclave.dispose();
    assert.deepEqual(events(), ['loaded', 'started', 'lost']);
    const last = kept.at(-1);
    assert.equal(last?.level, 'error');
    assert.equal(last.fields['signal'], 'SIGKILL');
    assert.equal(last.fields['reason'], 'The enclave was ended.');
  });

  test('names the code of a load that failed', async () => {
    const { logger, kept, events } = keeper();
    const launcher = createInProcessLauncher({ start: () => Promise.reject(new Error('why')) });
    await assert.rejects(loadEnclave({ ...loadOptions(launcher), logger }));
    assert.deepEqual(events(), ['loaded', 'load-failed']);
    assert.equal(kept[1]?.fields['code'], 'ENCLAVE_CALL_FAILED');
    assert.equal(launcher.running(), 0);
  });

  test('has calls that failed, by function and code, and no text of theirs', async () => {
    const { logger, kept, events } = keeper();
    const enclave = await loadEnclave({ ...loadOptions(createInProcessLauncher()), logger, logLevel: 'debug' });
    await assert.rejects(enclave.call.fail());
    await assert.rejects(enclave.call.hold({ timeoutMs: 1 }));
    await enclave.dispose();
    assert.deepEqual(events().slice(2, 4), ['call-failed', 'call-failed']);
    assert.deepEqual(
      kept.slice(2, 4).map(({ level, fields }) => [level, fields['function'], fields['code']]),
      [
        ['debug', 'fail', 'ENCLAVE_APPLICATION_ERROR'],
        ['warn', 'hold', 'GATE_DEADLINE'],
      ],
    );
    assert.ok(!JSON.stringify(kept).includes('a text that no record holds'));
  });

  test("has the enclave's lines down to the level, which the enclave is told", async () => {
    const { logger, kept } = keeper();
    const launcher = createInProcessLauncher();
    const enclave = await loadEnclave({ ...loadOptions(launcher), logger, logLevel: 'debug' });
    for (const level of [0, 1, 2, 3, 4]) launcher.enclaves[0]?.endpoint.log(level, `level ${level}`);
    await settled(enclave.call);
    await enclave.dispose();
    assert.equal(launcher.enclaves[0]?.logLevel, 'debug');
    const lines = kept.filter(({ fields }) => fields['event'] === 'line');
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [
        ['error', 'level 0'],
        ['warn', 'level 1'],
        ['info', 'level 2'],
        ['debug', 'level 3'],
      ],
    );
  });

  test('of level trace goes to debug', async () => {
    const { logger, kept } = keeper();
    const launcher = createInProcessLauncher();
    const enclave = await loadEnclave({ ...loadOptions(launcher), logger, logLevel: 'trace' });
    launcher.enclaves[0]?.endpoint.log(4, 'fine');
    await settled(enclave.call);
    await enclave.dispose();
    assert.ok(kept.some(({ level, message }) => level === 'debug' && message === 'fine'));
  });

  test('is info unless told, and no level is asked for without a logger', async () => {
    const launcher = createInProcessLauncher();
    const [logged, silent] = [
      await loadEnclave({ ...loadOptions(launcher), logger: keeper().logger }),
      await loadEnclave(loadOptions(launcher)),
    ];
    assert.deepEqual(
      launcher.enclaves.map(({ logLevel }) => logLevel),
      ['info', undefined],
    );
    await Promise.all([logged.dispose(), silent.dispose()]);
  });

  test('drops what a chatty enclave says too much, and counts it', async () => {
    const { logger, kept } = keeper();
    const launcher = createInProcessLauncher();
    const logLimits = { bytesPerSecond: 0, burstBytes: 1000 };
    const enclave = await loadEnclave({ ...loadOptions(launcher), logger, logLimits });
    for (let i = 0; i < 10; i++) launcher.enclaves[0]?.endpoint.log(2, 'x'.repeat(44));
    await settled(enclave.call);
    await enclave.dispose();
    assert.equal(kept.filter(({ fields }) => fields['event'] === 'line').length, 3);
    const dropped = kept.filter(({ fields }) => fields['event'] === 'log-dropped');
    assert.deepEqual(
      dropped.map(({ fields }) => fields['count']),
      [7],
    );
  });

  test('a logger that throws disturbs nothing', async () => {
    const broken = (): never => {
      throw new Error('full');
    };
    const logger = { error: broken, warn: broken, info: broken, debug: broken };
    const launcher = createInProcessLauncher();
    const enclave = await loadEnclave({ ...loadOptions(launcher), logger });
    launcher.enclaves[0]?.endpoint.log(0, 'line');
    assert.equal(await enclave.call.echo({ text: 'fine' }), 'fine');
    await enclave.dispose();
  });

  test('console is a logger', () => {
    const logger: EnclosLogger = console;
    assert.equal(typeof logger.error, 'function');
  });
});

describe('the budget of a log', () => {
  test('is given back with time, up to the burst', () => {
    let nowMs = 0;
    const budget = new LogBudget({ bytesPerSecond: 1000, burstBytes: 512 }, () => nowMs);
    assert.deepEqual([budget.take(0), budget.take(0), budget.take(0)], [true, true, false]);
    nowMs = 255;
    assert.equal(budget.take(0), false);
    nowMs = 256;
    assert.equal(budget.take(0), true);
    nowMs = 1_000_000;
    assert.deepEqual([budget.take(0), budget.take(0), budget.take(0)], [true, true, false]);
    assert.equal(budget.takeDropped(), 3);
    assert.equal(budget.takeDropped(), 0);
  });

  test('gives nothing for a clock that goes backwards', () => {
    let nowMs = 1000;
    const budget = new LogBudget({ bytesPerSecond: 1_000_000, burstBytes: 256 }, () => nowMs);
    assert.equal(budget.take(0), true);
    nowMs = 0;
    assert.equal(budget.take(0), false);
  });
});

describe('JSON lines', () => {
  const now = (): Date => new Date('2026-01-02T03:04:05.678Z');

  test('are one object a line: time, level, message, fields', () => {
    const lines: string[] = [];
    const logger = jsonLines({ stream: { write: (line) => lines.push(line) }, now });
    logger.warn({ event: 'line', enclave: 'a' }, 'two\nlines');
    assert.deepEqual(lines, [
      '{"time":"2026-01-02T03:04:05.678Z","level":"warn","message":"two\\nlines","event":"line","enclave":"a"}\n',
    ]);
  });

  test('are dropped and counted while the stream does not keep up', () => {
    const lines: string[] = [];
    const stream = { writableLength: 0, write: (line: string) => lines.push(line) };
    const logger = jsonLines({ stream, now, maxWaitingBytes: 10 });
    stream.writableLength = 11;
    for (let i = 0; i < 3; i++) logger.info({}, 'lost');
    assert.deepEqual(lines, []);
    stream.writableLength = 10;
    logger.info({}, 'kept');
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      records.map(({ message, count }) => [message, count]),
      [
        ['The log could not be written fast enough.', 3],
        ['kept', undefined],
      ],
    );
  });
});
