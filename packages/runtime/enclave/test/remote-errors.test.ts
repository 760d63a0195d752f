import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { defineInterface, encodeValue, func, string, systemInterface } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { createEndpoint, createTransportPair, gateAnswerErrors, type Endpoint, type Transport } from '@enclos/gate';
import { interfaceDigest, pinnedInterpreter } from '@enclos/manifest';
import { encodeGateHello, errorsFromEnclave, GateTable } from '@enclos/tee';
import { manifestFields } from '@enclos/testkit';
import { ApplicationError, defineEnclave } from '../src/application.ts';
import { serveGate } from '../src/serve.ts';

const example = defineInterface({
  name: 'example',
  trusted: { ask: func({}), say: func({ text: string({ maxBytes: 8 }) }) },
  untrusted: { answer: func({}) },
});
const digest = interfaceDigest(example);
const manifest = manifestFields(pinnedInterpreter, {
  name: 'example',
  threads: 2,
  heapSizeBytes: 32n * 1024n * 1024n,
  interfaceDigest: digest,
  limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 4, maxPendingCalls: 4, maxDepth: 4 },
});

/** The transport of a test's host as the stream that the enclave is given. */
function streamOf(transport: Transport): Duplex {
  const stream = new Duplex({
    read: () => undefined,
    write(chunk: Uint8Array, _encoding, callback) {
      transport.send(new Uint8Array(chunk));
      callback();
    },
    destroy(error, callback) {
      transport.close();
      callback(error);
    },
  });
  transport.start({
    data: (chunk) => void stream.push(chunk),
    drain: () => undefined,
    end: () => void stream.push(null),
  });
  return stream;
}

/** A host that answers every call of the enclave with this code. */
async function hostThrowing(code: string): Promise<{ readonly host: Endpoint; readonly enclave: Endpoint }> {
  const [left, right] = createTransportPair();
  const application = defineEnclave(example, {
    async ask(_args, { host }) {
      try {
        await host.answer();
      } catch (error) {
        if (isEnclosError(error)) throw new ApplicationError(`${error.code} ${error.kind}`);
      }
    },
    say: () => undefined,
  });
  const enclave = serveGate({
    gate: streamOf(right),
    manifest,
    application,
    start: async () => undefined,
    onStream: () => undefined,
  });
  const host = createEndpoint({
    transport: left,
    initiator: true,
    hello: encodeGateHello({ name: 'example', interfaceDigest: digest }),
    acceptHello: () => undefined,
    limits: { ...manifest.limits, maxConcurrentCalls: 4, helloTimeoutMs: 5_000 },
    remoteErrors: errorsFromEnclave,
    dispatch: () => Promise.reject(new Error(code)),
    describeError: () => ({ code, message: 'forged' }),
    lostError: () => new Error('lost'),
  });
  const start = systemInterface.trusted.start.parameters;
  await host.invoke(GateTable.system, 0, encodeValue(start, { hostEnvironment: [] }));
  return { host, enclave };
}

const none = new Uint8Array(0);

test('a host cannot raise what is not for it to say, nor that another side is gone', async () => {
  for (const [sent, received] of [
    ['SEAL_NOT_OPENED', 'GATE_REMOTE_ERROR refused'],
    ['REPORT_NOT_VERIFIED', 'GATE_REMOTE_ERROR refused'],
    ['TEE_PLATFORM_LOST', 'GATE_REMOTE_ERROR refused'],
    ['HOST_CALL_FAILED', 'HOST_CALL_FAILED refused'],
    ...gateAnswerErrors.slice(0, 1).map((code) => [code, `${code} transient`] as const),
  ] as const) {
    const { host } = await hostThrowing(sent);
    await assert.rejects(host.invoke(GateTable.application, 0, none), { message: received });
    await host.close();
  }
});

test('arguments over the bound of their function end the gate, and an unknown function does not', async () => {
  const { host, enclave } = await hostThrowing('HOST_CALL_FAILED');
  await host.invoke(GateTable.application, 1, Uint8Array.of(8, ...new Uint8Array(8).fill(65)));
  await assert.rejects(host.invoke(GateTable.application, 9, none), { code: 'EDL_UNKNOWN_FUNCTION' });
  await assert.rejects(host.invoke(GateTable.application, 1, new Uint8Array(10)), { message: 'lost' });
  assert.ok(isEnclosError((await enclave.closed).error, 'GATE_PROTOCOL_VIOLATION'));
});
