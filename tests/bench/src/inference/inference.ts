import type { Figure } from '../harness/figures.ts';
import { benchChannels } from './channels.ts';
import { benchJson } from './json.ts';
import { benchLoad } from './load.ts';
import { benchServiceMemory } from './memory.ts';
import { benchPool } from './pool.ts';
import { startInferenceServers } from './servers.ts';

/**
 * The inference service in its enclave, from end to end.
 *
 * @param requests after which its memory is looked at
 */
export async function benchInference(requests: number): Promise<readonly Figure[]> {
  const servers = await startInferenceServers();
  try {
    const client = await servers.startClient('interpreter of enclaves');
    const other = await servers.startClient('this Node');
    return [
      ...(await benchChannels(client, other)),
      ...(await benchLoad(client, other)),
      ...(await benchJson()),
      ...(await benchServiceMemory(servers, client, requests)),
      ...(await benchPool()),
    ];
  } finally {
    await servers.close();
  }
}
