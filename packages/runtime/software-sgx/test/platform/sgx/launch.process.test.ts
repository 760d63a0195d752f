import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { measureImage, sha256 } from '@enclos/sgx/node';
import { parseBootGo } from '@enclos/sgx-stub/wire';
import { createSgxLab, exampleStream, lineOf, type SgxLab } from './sgx-lab.ts';

describe('an SGX image is launched', () => {
  let lab: SgxLab;
  before(async () => {
    lab = await createSgxLab();
  });
  after(() => lab.close());

  test('with the pages that were measured, and starts only then', async () => {
    const launched = await lab.launch();
    const stream = exampleStream();
    assert.deepEqual(launched.identity.mrEnclave, measureImage(stream, { profile: 'any' }));
    const hellos = await Promise.all(launched.gates.map(lineOf));
    assert.deepEqual(
      hellos.map((hello) => (hello as { thread: number }).thread),
      [0, 1],
    );
    const { go, stream: seen } = hellos[0] as { go: string; stream: string };
    assert.equal(seen, toHex(sha256(stream)));
    assert.deepEqual(
      { ...parseBootGo(Buffer.from(go, 'hex')) },
      {
        fastExit: false,
        exceptionInformation: false,
        threads: 2,
        stackBytes: 65_536n,
        arenaBytes: 1n << 20n,
        attributeFlags: 5n,
        xfrm: 3n,
      },
    );
    await launched.terminate();
    assert.equal((await launched.exited).signal, 'SIGKILL');
  });
});
