// Writes one JSON line for each event that tools/test.mjs counts. The lines go to
// a file with synchronous writes, so that a process that is killed leaves the
// record of what it was doing.
import { openSync, writeSync } from 'node:fs';
import { inspect } from 'node:util';

const path = process.env.ENCLOS_TEST_EVENTS;
delete process.env.ENCLOS_TEST_EVENTS;

const lateActivity = /asynchronous activity after the test ended/;

function describeError(error) {
  if (error === undefined || error === null) return 'failed without an error';
  const cause = error.code === 'ERR_TEST_FAILURE' && error.cause !== undefined ? error.cause : error;
  return typeof cause === 'string' ? cause : inspect(cause, { colors: false, depth: 6 });
}

function toLine(event) {
  const { data } = event;
  const base = { name: data.name, nesting: data.nesting, file: data.file, line: data.line };
  if (event.type === 'test:dequeue') return { kind: 'start', ...base };
  // An error after the end of a test, most often a promise that nobody awaited: node:test only mentions it.
  if (event.type === 'test:diagnostic' && lateActivity.test(data.message)) {
    return { kind: 'fail', name: 'error after the end of a test', nesting: data.nesting, error: data.message };
  }
  if (event.type === 'test:pass') {
    return { kind: 'pass', ...base, suite: data.details?.type === 'suite', skip: data.skip, todo: data.todo };
  }
  if (event.type === 'test:fail') {
    const error = data.details?.error;
    return { kind: 'fail', ...base, todo: data.todo, failureType: error?.failureType, error: describeError(error) };
  }
  return undefined;
}

// eslint-disable-next-line import/no-default-export -- node:test takes a reporter from the default export.
export default async function* reporter(source) {
  const file = openSync(path, 'a');
  for await (const event of source) {
    const line = toLine(event);
    if (line !== undefined) writeSync(file, `${JSON.stringify(line)}\n`);
  }
  writeSync(file, `${JSON.stringify({ kind: 'end' })}\n`);
  // The reporter prints nothing itself: a generator that never yields still has to be one.
  if (path === undefined) yield '';
}
