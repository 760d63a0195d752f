import { join } from 'node:path';
import { buildEnclave, signEnclave } from '@enclos/build';
import { generateSigningKey } from '@enclos/sgx/node';
import { loadVault, type VaultHostOptions } from '../host.ts';
import { refusalOf, secretName, type Client, type Scene } from './scene.ts';

type Signed = Pick<VaultHostOptions, 'image' | 'signature'>;

export async function refuseOthers(scene: Scene, client: Client): Promise<void> {
  const { story, folder, project, signed, alice } = scene;
  const { image } = signed;
  story.chapter('What must not work');
  const mallory = generateSigningKey();
  const resigned = { image, signature: signEnclave({ image, key: mallory, date: new Date() }) };
  const other = await releaseBy(scene, resigned, client);
  story.happened(`the same image, signed by someone else, cannot unseal: ${other}`, other === 'SEAL_NOT_OPENED');

  const older = await buildEnclave({ ...project, securityVersion: 1 }, { outFolder: join(folder, 'older') });
  const old = { image: older.image, signature: signEnclave({ image: older.image, key: alice, date: new Date() }) };
  const tooNew = await releaseBy(scene, old, client);
  story.happened(`security version 1 cannot open what version 2 sealed: ${tooNew}`, tooNew === 'SEAL_SVN_TOO_NEW');

  const middle = image.length >> 1;
  const flipped = { image: image.with(middle, (image[middle] ?? 0) ^ 1), signature: signed.signature };
  const refusal = await releaseBy(scene, flipped, client);
  story.happened(
    `one flipped bit in the image, and it does not load: ${refusal}`,
    refusal === 'LAUNCH_MEASUREMENT_MISMATCH',
  );
}

/** Loads an enclave over the same storage and asks it for the secret; returns how that is refused. */
function releaseBy({ platform, storage }: Scene, signed: Signed, { reader }: Client): Promise<string> {
  const attempt = async (): Promise<void> => {
    const enclave = await loadVault({ ...signed, launcher: platform, storage });
    try {
      await enclave.call.release({ name: secretName, reader: reader.publicKey, challenge: new Uint8Array(32) });
    } finally {
      await enclave.dispose();
    }
  };
  return refusalOf(attempt());
}
