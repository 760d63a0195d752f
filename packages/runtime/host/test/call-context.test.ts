import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '@enclos/edl';
import type { IncomingCall } from '@enclos/gate';
import { isFreedYoung } from '@enclos/testkit';
import { CallContext } from '../src/run/call-context.ts';

/** A project without trusted functions. */
type None = Readonly<Record<string, never>>;
const { signal } = new AbortController();

function incomingCall(payload: Uint8Array): IncomingCall {
  const invoke = (): Promise<never> => Promise.reject(new Error('Nothing calls back here.'));
  return { table: 0, index: 0, payload, depth: 1, parentTag: undefined, signal, invoke };
}

test('the caller of a call is made once, and only when it is asked for', () => {
  let made = 0;
  const caller: Caller<None> = Object.freeze({});
  const call = incomingCall(new Uint8Array(1));
  const context = new CallContext<None>(call, () => {
    made++;
    return caller;
  });
  assert.equal(context.signal, call.signal);
  assert.equal(made, 0);
  assert.equal(context.enclave, caller);
  assert.equal(context.enclave, caller);
  assert.equal(made, 1);
});

test('the arguments of a call are gone when it is answered', async () => {
  const answer = (): CallContext<None> => {
    const call = incomingCall(new Uint8Array(8192));
    return new CallContext<None>(call, () => assert.fail(`${call.payload.length} bytes`));
  };
  assert.ok(await isFreedYoung(answer, { sizeBytes: 8192 }));
});
