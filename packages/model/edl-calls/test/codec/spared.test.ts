import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileEdl } from '@enclos/edl-compiler';
import { callCodec, imageBytes } from '@enclos/edl-calls';

const { model } = compileEdl({
  file: 'a.edl',
  read: () =>
    `enclave {
      struct list { [size=n] uint8_t* data; size_t n; };
      trusted {
        public void move([in, size=n] const uint8_t* source, [out, size=n] uint8_t* target, [in, out, size=n] uint8_t* both, size_t n);
        public void deep([in, count=1] struct list* list);
        public void fill([out, size=n] uint8_t* target, size_t n);
      };
    };`,
  dialect: 'intel',
});

test('a large buffer in one direction is spared in the other, and nothing else is', () => {
  assert.ok(model !== undefined);
  const [move, deep] = callCodec(model, { abi: 'intel' }).ecalls;
  const image = (bytes: number) => {
    const data = new Uint8Array(bytes);
    return move?.encodeArguments({ source: data, both: data, n: bytes }).image;
  };
  assert.equal(image(1000)?.spared, undefined);
  const large = image(20_000);
  const [source, target, both] = large?.pointers ?? [];
  assert.deepEqual(large?.spared, {
    inputs: [{ at: source?.target, bytes: 20_000 }],
    outputs: [{ at: target?.target, bytes: 20_000 }],
  });
  assert.ok((both?.target ?? 0) > (target?.target ?? 0));
  // A piece that only the enclave writes has no bytes where nothing comes after it.
  const [last] = callCodec(model, { abi: 'intel' }).ecalls.slice(2);
  const blank = last?.encodeArguments({ n: 1_000_000n }).image;
  assert.ok(blank !== undefined);
  assert.deepEqual([blank.bytes.length, blank.blankBytes, imageBytes(blank)], [16, 1_000_000, 1_000_016]);
  assert.equal(large?.blankBytes, undefined);
  // What leads to other memory is looked at again.
  const list = deep?.encodeArguments({ list: [{ data: new Uint8Array(20_000), n: 20_000 }] });
  assert.equal(list?.image?.spared, undefined);
});
