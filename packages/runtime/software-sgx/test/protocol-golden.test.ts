import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { interfaceDigest } from '@enclos/manifest';
import { enclaveChannel, hostChannel, quoteChannel } from '@enclos/tee';

/**
 * SHA-256 of the description of each protocol of a platform: every function with its place, its types and its bounds, from
 * which the codec makes the bytes. Recorded from version 0.1.0 in November 2026. Images that are built and hosts that are
 * deployed speak them, so a change here is a change of the protocol, and needs another version. That of hosts has its fourth: in
 * the second sockets are passed, in the third SGX images are launched and a host learns why streams are relayed, and in the fourth an image
 * has companions, whose files a host gives. Images never speak it.
 */
const recorded = [
  ['of hosts', hostChannel, 'host_channel_4', '16ff8b8b1db909113e5c98bfd46db3a08b311871297364ee19d5a83a407532eb'],
  [
    'of enclaves',
    enclaveChannel,
    'enclave_channel_1',
    'cf7ac747a9193ebff689571a95933cb3589a86a410aff9497d0ffde1323b1bf9',
  ],
  [
    'of programs that want quotes',
    quoteChannel,
    'quote_channel_1',
    '6d0f00a388e1d391d1f5db480eb2055dbb6b0465b3fe0c7920c26d1ce8945322',
  ],
] as const;

for (const [what, channel, name, digest] of recorded) {
  test(`the protocol ${what} is the one that was recorded`, () => {
    assert.equal(channel.name, name);
    assert.equal(toHex(interfaceDigest(channel)), digest);
  });
}
