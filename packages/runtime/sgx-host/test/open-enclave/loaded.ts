import assert from 'node:assert/strict';
import { bindInterface, createEcalls, serveOcalls } from '@enclos/edl-calls/host';
import type { EdlModel } from '@enclos/edl-compiler';
import { EnclosError } from '@enclos/errors';
import type { AbiHost } from '../../src/abi/abi.ts';
import type { Registers } from '../../src/gate/thread.ts';
import { createOpenEnclaveRuntime } from '../../src/open-enclave/runtime.ts';
import { scriptedEnclave, type Step } from '../scripted-enclave.ts';
import { openEnclaveCode, type PeerFunctions, type Work } from './peer.ts';
import { openEnclaveModel } from './sdk-edl.ts';
import { type RecordingServices, recordingServices } from './services.ts';

export const hasCode =
  (code: string, details: Readonly<Record<string, unknown>> = {}) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof EnclosError, String(error));
    assert.equal(error.code, code, error.message);
    for (const [name, value] of Object.entries(details)) assert.equal(error.details[name], value);
    return true;
  };

interface Loaded {
  readonly model: EdlModel;
  readonly functions: PeerFunctions;
  readonly handlers?: object;
  /** Instead of the handlers. */
  readonly serve?: AbiHost['serve'];
  readonly services?: RecordingServices;
  readonly threads?: number;
  readonly heapBytes?: number;
}

/** A runtime with its enclave, as a loader makes it. */
export function load({ model, functions, handlers = {}, services = recordingServices(), ...rest }: Loaded) {
  const bound = bindInterface({ model, foreign: {}, userCheck: [] });
  const handles = (index: number): boolean => Object.hasOwn(handlers, model.ocalls[index]?.name ?? '');
  const all = Object.fromEntries(model.ocalls.map(({ name }) => [name, () => undefined]));
  const server = serveOcalls(bound, { ...all, ...handlers });
  const { serve = (index, request) => server.ocall(index, request), ...sizes } = rest;
  const enclave = scriptedEnclave(openEnclaveCode(functions), { model, handles, serve, ...sizes });
  const runtime = createOpenEnclaveRuntime(enclave.host, services);
  const calls = {
    abi: runtime.abi,
    ecall: (index: number, image?: Parameters<typeof runtime.ecall>[1]) => runtime.ecall(index, image, {}),
    free: runtime.free.bind(runtime),
  };
  // A test says which functions its interface has.
  const ecalls = createEcalls<Record<string, (values?: object) => Promise<unknown>>>(bound, calls);
  return {
    ...enclave,
    runtime,
    services,
    call: (name: string, values?: object) => ecalls[name]?.(values) ?? Promise.reject(new Error(name)),
  };
}

export const callModel = openEnclaveModel(
  [],
  `
  trusted { public int add([in, out] int* value, int more); public void run(); public void other(); };
  untrusted { int ask(int question); void plain(); };`,
);

/** What an OCALL amid "run" came to. */
export function during(
  work: (...parameters: Parameters<Work>) => Generator<Step, void, Registers>,
  parts: Partial<Loaded> = {},
) {
  const run: Work = function* run(inside, argument) {
    yield* work(inside, argument);
    return inside.finish(argument);
  };
  const { model = callModel, functions = {} } = parts;
  const index = model.ecalls.findIndex(({ name }) => name === 'run');
  const ecalls = Array.from({ length: index + 1 }, () => run);
  return load({ ...parts, model, functions: { ...functions, ecalls } });
}
