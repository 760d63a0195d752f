import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { createAdmission } from '../../../src/platform/admission.ts';
import { singleHost } from '../../../src/platform/host.ts';
import { createHostSgx } from '../../../src/platform/sgx/host-sgx.ts';
import { rejectsCode } from '../../provisioning-support.ts';
import { createSgxLab, largeStream, piecesOf, signatureOf, type SgxLab } from './sgx-lab.ts';

describe('a host that sends pieces after it asked for EINIT', () => {
  let lab: SgxLab;
  before(async () => {
    lab = await createSgxLab();
  });
  after(() => lab.close());

  test('gets no enclave whose identity has them and whose process may not', async () => {
    const { stream, enclaveBytes } = largeStream();
    const sgx = createHostSgx({
      services: lab.services,
      host: singleHost(),
      admission: createAdmission({ maxImageBytes: 2 ** 25, maxLaunches: 4, maxGates: 4, maxMemoryBytes: Infinity }),
      enclaves: { reserve: () => () => undefined, keep: () => 1n },
    });
    const { upload, gatePath } = await sgx.create({
      enclaveBytes,
      threads: 1,
      stackBytes: 4096,
      arenaBytes: 4096,
      fastExit: false,
      isolation: 'best',
    });
    const gate = connect(gatePath).on('error', () => undefined);
    const pieces = [...piecesOf(stream, 2 ** 20)];
    const late = [...piecesOf(pieces.at(-1) ?? stream, 64 * 1024)];
    const early = pieces.slice(0, -1);
    for (const piece of early.slice(0, -2)) await sgx.add(upload, piece);
    // The process still takes these when EINIT is asked for.
    const ended = early.slice(-2).map((piece) => sgx.add(upload, piece));
    const attributes = { flags: 4n, xfrm: 3n };
    const started = sgx.initialise(upload, { signature: signatureOf(stream), attributes, miscSelect: 0 });
    await nextTurn();
    ended.push(...late.map((piece) => sgx.add(upload, piece)));
    const all = Promise.allSettled(ended);
    // What was measured is not the whole image.
    await rejectsCode(started, 'LAUNCH_IMAGE_REFUSED');
    const refused = (await all).filter(({ status }) => status === 'rejected');
    assert.ok(refused.length >= late.length);
    gate.destroy();
    sgx.close();
  });
});
