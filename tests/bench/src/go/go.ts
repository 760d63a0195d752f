import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageIn } from '../harness/enclave-image.ts';
import { atMost, type Figure } from '../harness/figures.ts';
import { memoryMb } from '../harness/memory.ts';
import { placements, placeTree, processesOf } from '../harness/placement.ts';
import { median } from '../harness/statistics.ts';
import type { Scene } from '../scene.ts';
import { benchEcho } from './echo.ts';
import { benchHash } from './hash.ts';
import { buildPrograms, startEnclave, startPlain, type GoPrograms, type GoServer } from './servers.ts';
import { benchGoStart } from './start.ts';

const mostMemoryMb = 20;

/** One Go program as an enclave, with passed and with relayed connections, against the same program outside. */
export async function benchGo(scene: Scene): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const started: GoServer[] = [];
  const keep = async (starting: Promise<GoServer>): Promise<GoServer> => {
    const server = await starting;
    started.push(server);
    return server;
  };
  try {
    const programs = await buildPrograms(folder);
    const [passedFolder, helloFolder] = [join(folder, 'passed'), join(folder, 'hello')];
    await imageIn(helloFolder, programs.hello, 'relayed');
    const servers = {
      outside: await keep(startPlain(programs)),
      passed: await keep(startEnclave(programs, 'passed', passedFolder)),
      relayed: await keep(startEnclave(programs, 'relayed', join(folder, 'relayed'))),
    };
    // The clients stand for other machines, as for the benchmark of TLS: they have a core where there is a second one.
    const cores = placements().find((placement) => placement.cores?.[0] !== placement.cores?.[1])?.cores;
    for (const { processId } of started) placeTree(processId, cores?.[1]);
    const echo = await benchEcho(servers, (clients) => {
      for (const { processId } of clients) placeTree(processId, cores?.[0]);
    });
    return [
      ...(await benchGoStart(scene, { hello: helloFolder, server: passedFolder })),
      ...memoryFigures(programs, [servers.passed, servers.relayed], servers.outside),
      ...echo,
      ...(await benchHash(servers)),
    ];
  } finally {
    for (const server of started) await server.close();
    await rm(folder, { recursive: true });
  }
}

/** After the load, of the enclave that has more. */
function memoryFigures(programs: GoPrograms, enclaves: readonly GoServer[], outside: GoServer): readonly Figure[] {
  const used = enclaves.map(({ processId }) => {
    const found = processesOf(programs.enclave, processId).map((id) => memoryMb(id, 'Rss'));
    return found.length === 1 ? median(found) : Number.NaN;
  });
  const [ours, peer] = [Math.max(...used), memoryMb(outside.processId, 'Rss')];
  return [
    {
      what: 'Go, memory of the enclave after it has served 64 connections (RSS); peer outside',
      ours: `${ours.toFixed(1)} MB`,
      peer: `${peer.toFixed(1)} MB`,
      ratio: (ours / peer).toFixed(2),
      bound: atMost(mostMemoryMb, ours, ' MB'),
    },
  ];
}
