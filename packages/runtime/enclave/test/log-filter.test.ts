import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLogFilter, LogLevel, type LogLevelName } from '../src/log-filter.ts';

const names = ['error', 'warn', 'info', 'debug', 'trace'] as const;

function said(most: LogLevelName, asked?: LogLevelName): readonly string[] {
  const lines: string[] = [];
  const filter = createLogFilter(most, (_, text) => void lines.push(text));
  if (asked !== undefined) filter.restrict(asked);
  for (const name of names) filter.write(LogLevel[name], name);
  return lines;
}

describe('the log of an enclave', () => {
  test('says as much as the enclave may, unless the host asks for less', () => {
    assert.deepEqual(said('info'), ['error', 'warn', 'info']);
    assert.deepEqual(said('info', 'warn'), ['error', 'warn']);
    assert.deepEqual(said('trace', 'error'), ['error']);
  });

  test('never says more, whatever the host asks for', () => {
    for (const most of names) {
      for (const asked of names) {
        const count = Math.min(LogLevel[most], LogLevel[asked]) + 1;
        assert.deepEqual(said(most, asked), names.slice(0, count));
      }
    }
  });

  test('makes no line that is not read', () => {
    let made = 0;
    const filter = createLogFilter('info', () => undefined);
    const line = (): string => {
      made += 1;
      return 'line';
    };
    filter.write(LogLevel.debug, line);
    assert.equal(made, 0);
    filter.write(LogLevel.info, line);
    assert.equal(made, 1);
  });
});
