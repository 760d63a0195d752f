import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWorkshop, serviceProjectFolder } from '@enclos/process-kit';
import { freePort } from '@enclos/testkit';
import { attestBy, attestRequest, imageIn, start, type Child, type Server } from './attestation-scene.ts';
import { atLeast, type Figure } from './harness/figures.ts';
import { interleave, percentile } from './harness/statistics.ts';

const connections = 16;
const requests = 1000;
const rounds = 15;
const smallestRatio = 0.6;

/** Warm attestation of SGX over TLS, against the same server that signs the claims of its first token for every request. */
export async function benchAttestation(): Promise<readonly Figure[]> {
  const workshop = createWorkshop();
  const platform = await workshop.startPlatform('bench');
  const children: Child[] = [];
  try {
    const [serviceFolder, peerFolder] = [join(workshop.folder, 'attest'), join(workshop.folder, 'peer')];
    await imageIn(serviceFolder, serviceProjectFolder);
    await imageIn(peerFolder, fileURLToPath(new URL('../../attestation-peer', import.meta.url)));
    const { head, body } = await attestRequest(workshop, platform);

    const clients: Child[] = [];
    const tokens: string[] = [];
    for (const folder of [serviceFolder, peerFolder]) {
      const host = start('programs/attestation-host.js', folder, platform.socketPath, String(await freePort()));
      children.push(host);
      const server = JSON.parse(await host.nextLine()) as Server;
      tokens.push((await attestBy(server, body)).body.token ?? '');
      const requestFile = join(folder, 'request');
      const line = 'POST /attest/SgxEnclave?api-version=2022-08-01 HTTP/1.1\r\n';
      await writeFile(requestFile, `${line}host: localhost:${server.port}\r\n${head}${body}`);
      clients.push(start('programs/attestation-client.js', JSON.stringify(server), requestFile));
    }
    children.push(...clients);
    const [length = 0] = tokens.map((token) => token.length);
    const each: number[][] = [[], []];
    const run = (which: 0 | 1) => async (): Promise<number> => {
      clients[which]?.write(`${connections} ${requests}`);
      const said = JSON.parse((await clients[which]?.nextLine()) ?? '') as { milliseconds: number; each: number[] };
      each[which]?.push(...said.each);
      return said.milliseconds;
    };
    const { ours, peer: theirs, ratio } = await interleave(rounds, run(0), run(1));
    const rate = (milliseconds: number): string => `${Math.round(requests / (milliseconds / 1000))} /s`;
    const [own = Number.NaN, other = Number.NaN] = each.map((samples) => percentile(samples, 0.99));
    return [
      {
        what: `attest SGX, warm, over TLS, ${connections} connections; the same server, the same claims signed each time (${length} bytes)`,
        ours: rate(ours),
        peer: rate(theirs),
        ratio: (1 / ratio).toFixed(2),
        bound: atLeast(smallestRatio, 1 / ratio),
      },
      {
        what: 'the same, p99 of one request',
        ours: `${own.toFixed(1)} ms`,
        peer: `${other.toFixed(1)} ms`,
        ratio: (own / other).toFixed(2),
      },
    ];
  } finally {
    for (const child of children.reverse()) await child.close();
    await workshop.close();
  }
}
