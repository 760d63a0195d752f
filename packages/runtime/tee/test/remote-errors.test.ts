import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineInterface, func, bytes } from '@enclos/edl';
import { declaredErrors, declareErrors, EnclosError, isEnclosError, type ErrorCode } from '@enclos/errors';
import { createEndpoint, createTransportPair, type Endpoint } from '@enclos/gate';
import { duplexPair } from '@enclos/testkit';
import { errorsFromEnclave, errorsFromHost, openChannel } from '../src/index.ts';

// What hosts and enclaves hold besides, of packages on higher floors.
declareErrors({
  IMAGE_INVALID: ['usage', 'The image is not valid.', 'Build it again.'],
  ENCLAVE_LOST: ['lost', 'The enclave is gone.', 'Load it again.'],
  ENCLAVE_HOST_LOST: ['lost', 'The host is gone.', 'Nothing.'],
  ENCLAVE_REMOVED: ['lost', 'The enclave was removed.', 'Load it again.'],
  EVIDENCE_REFUSED: ['evidence', 'The evidence does not prove what it claims.', 'Stop.'],
  APPRAISAL_REFUSED: ['policy', 'The policy does not accept the evidence.', 'Stop.'],
});

const none = new Uint8Array(0);
const protocol = defineInterface({
  name: 'example',
  trusted: { fail: func({}), take: func({ data: bytes({ exactBytes: 4 }) }) },
  untrusted: { fail: func({}) },
});

/** What a call of `receiver` rejects with when the other side throws `code`. */
async function received(receiver: Endpoint): Promise<{ code: string; remoteCode: unknown }> {
  const error: unknown = await receiver.invoke(0, 0, none).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isEnclosError(error)) return assert.fail('no error');
  return { code: error.code, remoteCode: error.details['remoteCode'] };
}

function channelPair(code: string): { readonly platform: Endpoint; readonly client: Endpoint } {
  const [left, right] = duplexPair();
  const serve = (): Promise<Uint8Array> => Promise.reject(new EnclosError(code as ErrorCode));
  return {
    platform: openChannel({ stream: left, initiator: false, protocol, serve }),
    client: openChannel({ stream: right, initiator: true, protocol, serve }),
  };
}

test('the platform may raise errors of its areas at enclaves and hosts, and no others', async () => {
  const own: readonly string[] = [
    'LAUNCH_MEASUREMENT_MISMATCH',
    'SIGSTRUCT_SIGNATURE',
    'SGXS_INVALID',
    'IMAGE_INVALID',
    'INTERPRETER_MISMATCH',
    'ISOLATION_UNAVAILABLE',
    'PLATFORM_UPLOAD_REFUSED',
    'PLATFORM_BUSY',
    'KEY_SVN_TOO_NEW',
    'REPORT_REQUEST_INVALID',
    'QUOTE_REPORT_REFUSED',
    'ENDORSEMENTS_ELSEWHERE',
    'STREAM_TRANSPORT_UNAVAILABLE',
    'TEE_PLATFORM_FAILED',
    'EDL_VALUE_REFUSED',
    'GATE_BUSY',
  ];
  const others: readonly string[] = [
    'ENCLAVE_LOST',
    'ENCLAVE_REMOVED',
    'TEE_PLATFORM_LOST',
    'GATE_PROTOCOL_VIOLATION',
    'SEAL_NOT_OPENED',
    'REPORT_NOT_VERIFIED',
    'EVIDENCE_REFUSED',
    'APPRAISAL_REFUSED',
    'ENCLAVE_APPLICATION_ERROR',
    'STREAM_BROKEN',
  ];
  for (const code of [...own, ...others]) {
    const { client } = channelPair(code);
    const expected = own.includes(code)
      ? { code, remoteCode: undefined }
      : { code: 'GATE_REMOTE_ERROR', remoteCode: code };
    assert.deepEqual(await received(client), expected);
    await client.close();
  }
});

test('enclaves and hosts may raise nothing at the platform but that there is no answer', async () => {
  for (const code of ['KEY_SVN_TOO_NEW', 'TEE_PLATFORM_FAILED', 'EDL_VALUE_REFUSED', 'ENCLAVE_LOST']) {
    const { platform } = channelPair(code);
    assert.deepEqual(await received(platform), { code: 'GATE_REMOTE_ERROR', remoteCode: code });
    await platform.close();
  }
  const { platform } = channelPair('GATE_BUSY');
  assert.deepEqual(await received(platform), { code: 'GATE_BUSY', remoteCode: undefined });
  await platform.close();
});

test('arguments over the bound of their function end a platform channel', async () => {
  const [left, right] = duplexPair();
  let served = 0;
  const serve = async (): Promise<Uint8Array> => Uint8Array.of(served++);
  const platform = openChannel({ stream: left, initiator: false, protocol, serve });
  const client = openChannel({ stream: right, initiator: true, protocol, serve });
  await client.invoke(0, 1, new Uint8Array(4));
  await assert.rejects(client.invoke(0, 1, new Uint8Array(5)));
  const { error } = await platform.closed;
  assert.ok(isEnclosError(error, 'GATE_PROTOCOL_VIOLATION'));
  assert.equal(served, 1);
});

const gateCases: readonly (readonly [string, readonly ErrorCode[], readonly string[], readonly string[]])[] = [
  [
    'an enclave at its host',
    errorsFromEnclave,
    ['ENCLAVE_CALL_FAILED', 'SEAL_NOT_OPENED', 'REPORT_NOT_VERIFIED', 'HOST_CALL_FAILED', 'GATE_DEADLINE'],
    ['ENCLAVE_LOST', 'ENCLAVE_HOST_LOST', 'TEE_PLATFORM_LOST', 'LAUNCH_IMAGE_REFUSED', 'HOST_INTERFACE_MISMATCH'],
  ],
  [
    'a host in its enclave',
    errorsFromHost,
    ['HOST_CALL_FAILED', 'HOST_MOUNT_REFUSED', 'EDL_VALUE_REFUSED', 'GATE_CANCELLED'],
    ['SEAL_NOT_OPENED', 'ENCLAVE_APPLICATION_ERROR', 'REPORT_NOT_VERIFIED', 'KEY_SVN_TOO_NEW', 'ENCLAVE_HOST_LOST'],
  ],
];

for (const [who, remoteErrors, own, others] of gateCases) {
  test(`what ${who} may raise, and what not`, async () => {
    for (const code of [...own, ...others]) {
      const [left, right] = createTransportPair();
      const open = (transport: typeof left, initiator: boolean): Endpoint =>
        createEndpoint({
          transport,
          initiator,
          hello: none,
          acceptHello: () => undefined,
          limits: {
            maxFrameBytes: 8192,
            maxConcurrentCalls: 1,
            maxQueuedCalls: 1,
            maxPendingCalls: 1,
            maxDepth: 1,
            helloTimeoutMs: 1000,
          },
          remoteErrors,
          dispatch: () => Promise.reject(new EnclosError(code as ErrorCode)),
          describeError: () => ({ code, message: '' }),
          lostError: () => new Error('lost'),
        });
      const receiver = open(left, true);
      open(right, false);
      const expected = own.includes(code)
        ? { code, remoteCode: undefined }
        : { code: 'GATE_REMOTE_ERROR', remoteCode: code };
      assert.deepEqual(await received(receiver), expected);
      await receiver.close();
    }
  });
}

test('no list names a code of kind lost', () => {
  for (const code of [...errorsFromEnclave, ...errorsFromHost]) assert.notEqual(declaredErrors.get(code)?.kind, 'lost');
});
