import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex, utf8 } from '@enclos/codec';
import { encodeValue } from '@enclos/edl';
import { attest, createOwner, createReader, read, replace, upload, type Attested } from '../client.ts';
import { encryptMessage } from '../encryption.ts';
import type { VaultEnclave } from '../host.ts';
import { serveVault } from '../server.ts';
import { releasedSecret } from '../vault.edl.ts';
import { firstText, refusalOf, secondText, secretName, type Client, type Scene } from './scene.ts';

export async function storeSecret(scene: Scene, attested: Attested, client: Client): Promise<void> {
  const { story, storage } = scene;
  const { owner, reader } = client;
  story.chapter('The client sends a secret, encrypted to the enclave alone');
  await upload(attested, {
    name: secretName,
    owner: owner.publicKey,
    readers: [reader.publicKey],
    value: utf8(firstText),
  });
  const blob = await readFile(await blobPath(storage));
  story.say(
    "on the host's disk",
    `one sealed blob of ${blob.length} bytes: ${blob.toString('latin1', 0, 8)} ${toHex(blob.subarray(-24))}`,
  );
  story.happened("the host's disk does not hold the secret", !blob.includes(firstText));
  const back = Buffer.from((await read(attested, reader, wanted(client))).value).toString();
  story.happened(`the reader whom the owner named reads back: "${back}"`, back === firstText);
  const turnedAway = await refusalOf(read(attested, await createReader(), wanted(client)));
  story.happened(
    `a reader whom the owner did not name gets nothing: ${turnedAway}`,
    turnedAway === 'The owner of this secret did not name this reader.',
  );
}

/** The host answers instead of the enclave: encrypted to the reader, authenticated by a key of the host. */
export async function forgeAnswer({ story, platform }: Scene, enclave: VaultEnclave, client: Client): Promise<void> {
  const { owner, reader, trust } = client;
  const lie = encodeValue(releasedSecret, { version: 1, owner: owner.publicKey, value: utf8('press the red button') });
  const { pair } = await createReader();
  const lying = await serveVault(
    {
      call: {
        ...enclave.call,
        release: ({ name, challenge }) =>
          encryptMessage(lie, { direction: 'release', name, challenge }, { recipient: reader.publicKey, sender: pair }),
      },
    },
    platform,
  );
  const forged = await refusalOf(read(await attest(lying.url, trust), reader, wanted(client)));
  story.happened(`an answer that the host made itself is refused: ${forged}`, forged === 'ANSWER_NOT_AUTHENTIC');
  await lying.close();
}

export async function replaceSecret({ story, storage }: Scene, attested: Attested, client: Client): Promise<void> {
  const { owner, reader } = client;
  story.chapter('Only the owner replaces the secret');
  const path = await blobPath(storage);
  const firstBlob = await readFile(path);
  const mallory = await createOwner();
  const secret = { name: secretName, owner: owner.publicKey, readers: [reader.publicKey], value: utf8(secondText) };
  const again = await refusalOf(upload(attested, { ...secret, owner: mallory.publicKey }));
  story.happened(
    `someone else's upload under this name is refused: ${again}`,
    again === 'There is such a secret: only its owner can replace it.',
  );
  const stolen = await refusalOf(replace(attested, secret, { owner: mallory, version: 2 }));
  story.happened(
    `someone else's replacement is refused: ${stolen}`,
    stolen === 'The replacement is not signed by the owner of this secret.',
  );
  await replace(attested, secret, { owner, version: 2 });
  const { version, value } = await read(attested, reader, wanted(client));
  const text = Buffer.from(value).toString();
  story.happened(`the owner replaces it: version ${version}, "${text}"`, version === 2 && text === secondText);

  const secondBlob = await readFile(path);
  await writeFile(path, firstBlob);
  const rolledBack = await refusalOf(read(attested, reader, wanted(client)));
  await writeFile(path, secondBlob);
  story.happened(
    `an earlier blob, put back on the disk, is noticed: ${rolledBack}`,
    rolledBack === 'The host handed out an earlier version of this secret.',
  );
}

/** The one blob of the demo. */
async function blobPath(storage: string): Promise<string> {
  const [file, ...others] = await readdir(storage);
  if (file === undefined || others.length > 0) throw new Error('The storage does not hold exactly one blob.');
  return join(storage, file);
}

function wanted({ owner }: Client): { readonly name: string; readonly owner: Uint8Array } {
  return { name: secretName, owner: owner.publicKey };
}
