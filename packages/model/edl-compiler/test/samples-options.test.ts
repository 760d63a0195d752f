import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileEdl, parseWarningOptions } from '../src/index.ts';

/** The folder of `samples.test.ts`: CMake files of oeedger8r-cpp say what it prints for macros and options. */
const samples = process.env['ENCLOS_EDL_SAMPLES'];
const folder = join(samples ?? '', 'oeedger8r-cpp/test');
const skip = samples === undefined ? 'ENCLOS_EDL_SAMPLES names no folder' : false;

/** Calls of a function of CMake, whose further arguments are strings. */
function callsOf(
  name: string,
  file: string,
): readonly { readonly name: string; readonly strings: readonly string[] }[] {
  const text = readFileSync(join(folder, file), 'utf8');
  const call = new RegExp(String.raw`${name}\(\s*(\w+)\s+((?:"(?:[^"\\]|\\.)*"\s*)+)\)`, 'g');
  return [...text.matchAll(call)].map(([, first = '', rest = '']) => ({
    name: first,
    strings: [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, string = '']) => string.replaceAll('\\\\', '\\')),
  }));
}

function output(file: string, defines: Readonly<Record<string, string>>, options: readonly string[]): string {
  const read = (path: string) => {
    const found = join(folder, path);
    return existsSync(found) ? readFileSync(found, 'utf8') : undefined;
  };
  const warnings = parseWarningOptions(options.filter((option) => option !== '')).choice;
  const { model, diagnostics } = compileEdl({ file, read, dialect: 'oe', defines, warnings });
  const lines = diagnostics.map(
    ({ severity, notes }) => `${severity}: ${file} ${notes.join(' ').replace('oeedger8r: ', '')}`,
  );
  return [...lines, ...(model === undefined ? [] : ['Success.'])].join('\n');
}

test('each attribute test of oeedger8r-cpp has its text', { skip }, () => {
  const calls = callsOf('add_attributes_test', 'attributes/CMakeLists.txt');
  assert.ok(calls.length > 50);
  for (const { name, strings } of calls) {
    assert.match(output('attributes/attributes.edl', { [name]: '' }, []), new RegExp(strings[0] ?? ''), name);
  }
});

for (const [kind, file] of [
  ['add_warnings_test', 'warnings/warnings.edl'],
  ['add_werror_test', 'warnings/werror.edl'],
] as const) {
  test(`each ${kind} of oeedger8r-cpp has its text, or lacks it`, { skip }, () => {
    const calls = callsOf(kind, 'warnings/CMakeLists.txt');
    assert.ok(calls.length > 15);
    for (const { name, strings } of calls) {
      const [options = '', pass = '', fail = ''] = strings;
      const printed = output(file, { [name]: '' }, options.split(';'));
      if (pass !== '') assert.match(printed, new RegExp(pass), name);
      if (fail !== '') assert.doesNotMatch(printed, new RegExp(fail), name);
    }
  });
}
