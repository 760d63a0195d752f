import { attest, read, type Attested } from '../client.ts';
import { loadVault, type VaultEnclave } from '../host.ts';
import { descendants } from '../processes.ts';
import { serveVault } from '../server.ts';
import { refusalOf, secondText, secretName, type Client, type Scene } from './scene.ts';

export async function killAndRestart(
  { story, platform, storage, signed }: Scene,
  { enclave, attested }: { readonly enclave: VaultEnclave; readonly attested: Attested },
  { trust, reader, owner }: Client,
): Promise<void> {
  story.chapter('Kill the enclave, start it again');
  const running = descendants(platform.processId);
  for (const processId of running) process.kill(processId, 'SIGKILL');
  const exit = await enclave.exited;
  story.say('kill -9', `process ${running.join(', ')}: ${exit.detail}`);
  const wanted = { name: secretName, owner: owner.publicKey };
  const lost = await refusalOf(read(attested, reader, wanted));
  story.happened(`a call to it answers ${lost} at once`, lost === 'ENCLAVE_LOST');

  const again = await loadVault({ ...signed, launcher: platform, storage });
  const server = await serveVault(again, platform);
  const { value } = await read(await attest(server.url, trust), reader, wanted);
  const secret = Buffer.from(value).toString();
  story.happened(`the restarted enclave, attested anew, unsealed the secret: "${secret}"`, secret === secondText);
  await server.close();
  await again.dispose();
}
