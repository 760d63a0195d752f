import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test, type TestContext } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { addressOf, loadStreams, type Streams } from '@enclos/process-kit/hosts/streams-host';
import { createWorkshop, type SignedImage } from '@enclos/process-kit';
import { residentMiB, until } from '@enclos/process-kit/processes/process-watch';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
before(async () => {
  platform = await workshop.startPlatform('here');
});
after(() => workshop.close());

const clients = 100;
const generousMs = 60_000;
/** So much may be kept for each client: what TLS and the streams around it hold, and not what an enclave would send. */
const mebibytesEach = 0.5;
const allowanceMiB = clients * mebibytesEach;
/** What each client would be sent, if nothing held it back, is without end: the kernel's buffers take this much at most. */
const mostSentMiB = 16;

const mebibytesOf = (bytes: bigint | number): number => Number(bytes) / 2 ** 20;

for (const transport of ['passed', 'relayed'] as const) {
  describe(`${clients} TLS clients that do not read, on ${transport} connections`, () => {
    let signed: SignedImage;
    before(async () => {
      signed = await workshop.signed('streams', { transport });
    });

    test('fill no memory of enclave, host or platform, and keep no other client waiting', async (t) => {
      const enclave = await loadStreams(platform, signed);
      t.after(() => enclave.dispose());
      const ca = await enclave.call.certificate();
      await enclave.call.serve({ listener: 'first', manner: 'tls-flood' });
      await enclave.call.serve({ listener: 'second', manner: 'tls' });
      const other = client(t, enclave, { listener: 'second', ca });
      await echo(other);
      const start = await memoryOf(enclave);

      const stalled = Array.from({ length: clients }, () => client(t, enclave, { listener: 'first', ca }).pause());
      await Promise.all(stalled.map((socket) => once(socket, 'secureConnect')));
      const written = await standstill(
        async () => Number((await enclave.call.counts()).written),
        () => echo(other),
      );

      assert.ok(
        mebibytesOf(written) > 0 && mebibytesOf(written) < clients * mostSentMiB,
        `${written} bytes were written`,
      );
      const now = await memoryOf(enclave);
      for (const [who, mebibytes] of Object.entries(start)) {
        const grown = (now[who] ?? Number.NaN) - mebibytes;
        assert.ok(grown < allowanceMiB, `the ${who} has grown by ${grown} MiB`);
      }
      // New clients are served too, and each that reads again gets more.
      await echo(client(t, enclave, { listener: 'second', ca }));
      const [again] = stalled;
      let got = 0;
      again?.on('data', (chunk: Buffer) => void (got += chunk.length)).resume();
      await until('a client that reads again gets more', () => mebibytesOf(got) > mostSentMiB, generousMs);
      assert.equal((await enclave.call.counts()).ended, 0);
    });
  });
}

/** In MiB, by whose it is. The clients are in the process of the host, so theirs counts as its. */
async function memoryOf(enclave: Streams): Promise<Readonly<Record<string, number>>> {
  return {
    enclave: mebibytesOf(await enclave.call.memory()),
    host: mebibytesOf(process.memoryUsage().arrayBuffers),
    platform: residentMiB(platform.processId),
  };
}

function client(
  t: TestContext,
  enclave: Streams,
  { listener, ca }: { readonly listener: string; readonly ca: string },
): TLSSocket {
  const socket = connectTls({ ...addressOf(enclave, listener), ca, servername: 'streams.test' });
  socket.on('error', () => undefined);
  t.after(() => void socket.destroy());
  return socket;
}

async function echo(socket: TLSSocket): Promise<void> {
  socket.write('x');
  await once(socket, 'data');
}

/** What a number comes to: it is the same over this many turns of another client. */
async function standstill(read: () => Promise<number>, turn: () => Promise<void>): Promise<number> {
  let last = -1;
  for (let same = 0; same < 200;) {
    await turn();
    const now = await read();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}
