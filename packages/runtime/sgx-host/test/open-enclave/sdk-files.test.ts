import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileEdl, type EdlModel, type OcallModel } from '@enclos/edl-compiler';
import { ThreadEvents } from '../../src/calls/thread-events.ts';
import { isSystemName, systemOcalls } from '../../src/open-enclave/system-ocalls.ts';
import { load } from './loaded.ts';
import { argumentsOf, type Work } from './peer.ts';
import { ocallIndex, openEnclaveModel } from './sdk-edl.ts';
import { recordingServices } from './services.ts';

/** The SDK's own files, which the repository does not hold: see CONTRIBUTING.md. */
const samples = process.env['ENCLOS_EDL_SAMPLES'];
const skip = samples === undefined ? 'ENCLOS_EDL_SAMPLES names no folder' : false;

const imports = [
  'core',
  'epoll',
  'fcntl',
  'ioctl',
  'poll',
  'signal',
  'socket',
  'syscall',
  'time',
  'unistd',
  'utsname',
  'sgx/platform',
  'sgx/entropy',
];

function sdkModel(folder: string): EdlModel {
  const lines = imports.map((name) => `from "openenclave/edl/${name}.edl" import *;`);
  const text = `enclave { ${lines.join('\n')} };`;
  const read = (path: string): string | undefined => {
    if (path === 'app.edl') return text;
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const searchPaths = [join(folder, 'openenclave', 'include')];
  const { model, diagnostics } = compileEdl({ file: 'app.edl', read, searchPaths, dialect: 'oe' });
  assert.ok(model !== undefined, diagnostics.map((diagnostic) => diagnostic.text).join('\n'));
  return model;
}

const shapeOf = ({ returns, parameters, propagatesErrno }: OcallModel) => ({
  returns,
  propagatesErrno,
  parameters: parameters.map(({ name, type, passing }) => ({ name, type, passing })),
});

test("a runtime stands on the SDK's own files", { skip }, async () => {
  const initialize: Work = function* initialize(inside) {
    const index = ocallIndex(model, 'oe_realloc_ocall');
    const { result, output } = yield* inside.ocall(index, argumentsOf(48, [[40, 64n]]), 48);
    assert.equal(result, 0n);
    assert.notEqual(output.getBigUint64(24, true), 0n);
    return 0n;
  };
  const model = sdkModel(samples ?? '');
  const log: Work = (inside, argument) => inside.finish(argument);
  await load({ model, functions: { initialize, ecalls: model.ecalls.map(() => log) } }).runtime.start();
});

test("the functions that are served have the types of the SDK's own files", { skip }, () => {
  const model = sdkModel(samples ?? '');
  const byName = new Map(model.ocalls.map((ocall) => [ocall.name, ocall]));
  assert.ok(model.ocalls.every(({ name }) => isSystemName(name)));
  const services = { ...recordingServices(), events: new ThreadEvents([]), base: 0n };
  const served = [...systemOcalls(services).keys(), 'oe_realloc_ocall'];
  for (const name of served) assert.ok(byName.has(name), name);
  const tested = openEnclaveModel(['cpu', 'logging', 'memory', 'thread', 'attestation', 'fcntl', 'debug'], '');
  for (const ocall of tested.ocalls) {
    // It is cut short there.
    if (ocall.name === 'oe_verify_quote_ocall') continue;
    const own = byName.get(ocall.name);
    assert.ok(own !== undefined, ocall.name);
    assert.deepEqual(shapeOf(ocall), shapeOf(own), ocall.name);
  }
});
