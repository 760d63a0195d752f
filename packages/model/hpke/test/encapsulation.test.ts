import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fromHex, toHex } from '@enclos/codec';
import { KemKeyPair, kemIds } from '../src/index.ts';
import { x25519Curve } from '../src/node/curves.ts';
import { encapsulationOfNode, x25519KemOfNode } from '../src/node/encapsulation.ts';
import { createDhKem } from '../src/hpke/dh-kem.ts';
import { nodeEngine } from '../src/node/index.ts';
import { is } from './scene.ts';
import { rfc9180 } from './vectors.ts';

const engine = nodeEngine();
const curve = x25519Curve(undefined, engine.randomBytes);
const stepByStep = createDhKem(engine, { id: kemIds.x25519, hash: 'SHA-256', curve });
const native = x25519KemOfNode(curve.generateKeyPair);
const pair = new KemKeyPair(kemIds.x25519, fromHex(rfc9180.publicKey), fromHex(rfc9180.privateKey));

if (native === undefined) {
  test('a Node without key encapsulation makes DHKEM(X25519) step by step', async () => {
    assert.equal(encapsulationOfNode(), undefined);
    const secret = await engine.kem(kemIds.x25519).decapsulate(pair, fromHex(rfc9180.enc));
    assert.equal(toHex(secret), rfc9180.sharedSecret);
  });

  test('DHKEM(X25519) of OpenSSL, on the interpreter of enclaves', { timeout: 120_000 }, async () => {
    const interpreter = fileURLToPath(new URL('../../../../../node_modules/.bin/node', import.meta.url));
    const files = ['encapsulation.test.js', 'hpke.test.js'].map((name) => new URL(name, import.meta.url));
    for (const file of files) {
      const { stdout } = await promisify(execFile)(interpreter, [fileURLToPath(file)]);
      assert.match(
        stdout,
        /DHKEM\(X25519\) of OpenSSL|D7: a share of zeros, and every point of small order, is refused/,
      );
      assert.match(stdout, /# fail 0|ℹ fail 0/);
    }
  });
} else {
  test('DHKEM(X25519) of OpenSSL gives the shared secret of RFC 9180, A.1.1', async () => {
    assert.equal(toHex(await native.decapsulate(pair, fromHex(rfc9180.enc))), rfc9180.sharedSecret);
  });

  test('DHKEM(X25519) of OpenSSL agrees with the steps of RFC 9180 in both directions, with a new key each time', async () => {
    const seen = new Set<string>();
    for (let time = 0; time < 50; time++) {
      const fresh = await native.generateKeyPair();
      for (const [sender, recipient] of [
        [native, stepByStep],
        [stepByStep, native],
      ] as const) {
        const { enc, sharedSecret } = await sender.encapsulate(fresh.publicKey);
        assert.deepEqual(new Uint8Array(await recipient.decapsulate(fresh, enc)), new Uint8Array(sharedSecret));
        seen.add(toHex(enc));
      }
    }
    assert.equal(seen.size, 100);
  });

  test('DHKEM(X25519) of OpenSSL refuses what the steps refuse', async () => {
    for (const length of [0, 31, 33]) {
      await assert.rejects(async () => native.encapsulate(new Uint8Array(length)), is('HPKE_KEY_INVALID'));
      await assert.rejects(async () => native.decapsulate(pair, new Uint8Array(length)), is('HPKE_KEY_INVALID'));
    }
    for (const kem of [native, stepByStep]) {
      await assert.rejects(async () => kem.encapsulate(new Uint8Array(32)), is('HPKE_KEY_INVALID'));
      await assert.rejects(async () => kem.decapsulate(pair, new Uint8Array(32)), is('HPKE_KEY_INVALID'));
    }
  });

  test('the engine takes DHKEM(X25519) of OpenSSL, unless random bytes are given to it', async () => {
    const random = (length: number): Uint8Array => new Uint8Array(length).fill(7);
    const [first, second] = [nodeEngine({ randomBytes: random }), nodeEngine({ randomBytes: random })].map((one) =>
      one.kem(kemIds.x25519),
    );
    assert.deepEqual(await first?.encapsulate(pair.publicKey), await second?.encapsulate(pair.publicKey));
    assert.ok(!(engine.kem(kemIds.x25519).encapsulate(pair.publicKey) instanceof Promise));
  });
}
