import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { verifyInterpreter } from '@enclos/isolation';
import { signingKey } from '@enclos/process-kit';
import { start, startWith, type Child } from '../harness/child.ts';
import { writeSigned } from '../harness/signed-folder.ts';
import type { ClientCommand } from './client-command.ts';
import type { Ports } from './ways.ts';

const project = fileURLToPath(new URL('../../../inference-server', import.meta.url));

/** The inference service in its enclave, the same API outside, and clients of both, each in processes of its own. */
export interface InferenceServers {
  /** The host, above platform, enclave and engines. */
  readonly hostProcessId: number;
  startClient(node: 'interpreter of enclaves' | 'this Node'): Promise<InferenceClientProcess>;
  close(): Promise<void>;
}

export interface InferenceClientProcess {
  readonly processId: number;
  /** @returns a number, or numbers, as the command says. */
  ask(command: ClientCommand): Promise<unknown>;
  number(command: ClientCommand): Promise<number>;
}

/** How many engines the enclave has, as its `enclave.json` says. */
const engineCount = 2;

export async function startInferenceServers(): Promise<InferenceServers> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const children: Child[] = [];
  const close = async (): Promise<void> => {
    for (const child of children.toReversed()) await child.close();
    await rm(folder, { recursive: true });
  };
  try {
    const { image, paths } = await buildEnclave(await loadProject(project), { outFolder: join(folder, 'out') });
    await writeSigned(folder, { image, signature: signEnclave({ image, key: signingKey('first'), date: new Date() }) });
    const { path: interpreter } = await verifyInterpreter();
    const host = start('programs/inference-host.js', folder, paths.companionFiles);
    const outside = startWith(interpreter, 'programs/inference-outside.js', String(engineCount));
    children.push(host, outside);
    // The programs say so.
    const [inside, ports] = [JSON.parse(await host.nextLine()), JSON.parse(await outside.nextLine())] as [
      object,
      object,
    ];
    const all = { ...inside, ...ports } as Ports;
    return {
      hostProcessId: host.processId,
      startClient: async (node) => {
        const program = 'programs/inference-client.js';
        const argument = JSON.stringify(all);
        const child = node === 'this Node' ? start(program, argument) : startWith(interpreter, program, argument);
        children.push(child);
        return clientOf(child);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function clientOf(child: Child): InferenceClientProcess {
  const ask = async (command: ClientCommand): Promise<unknown> => {
    child.write(JSON.stringify(command));
    return JSON.parse(await child.nextLine());
  };
  return { processId: child.processId, ask, number: async (command) => Number(await ask(command)) };
}
