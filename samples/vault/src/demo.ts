import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { softwareRoot, type SgxPolicy } from '@enclos/attestation';
import { buildEnclave, loadProject, signEnclave, type Project } from '@enclos/build';
import { toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { generateSigningKey } from '@enclos/sgx/node';
import { startPlatform, type EmbeddedPlatform } from '@enclos/software-sgx';
import { attest, createReader, read, upload, VaultResponseError, type VaultTrust } from './client.ts';
import { loadVault, serveVault, type VaultEnclave, type VaultServer } from './host.ts';
import { descendants } from './processes.ts';
import { createStory, StoryError, type Story } from './story.ts';

const sampleFolder = fileURLToPath(new URL('../../', import.meta.url));
const secretText = 'the launch code is 7-4-1-9';

interface Signed {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
}

interface Scene {
  readonly story: Story;
  readonly platform: EmbeddedPlatform;
  readonly storage: string;
}

async function main(): Promise<void> {
  const story = createStory((line) => void process.stdout.write(`${line}\n`));
  const folder = await mkdtemp(join(tmpdir(), 'enclos-vault-'));
  try {
    await tell(story, folder);
    story.note('\n   Every step above truly happened. This was the software platform: it shows the whole model,');
    story.note('but it does not keep secrets from the owner of this machine. Hardware does that.');
  } catch (error) {
    if (!(error instanceof StoryError) && !isEnclosError(error)) throw error;
    process.stderr.write(`\n   ✖ ${error.message}\n`);
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tell(story: Story, folder: string): Promise<void> {
  const project = await loadProject(sampleFolder);
  const alice = generateSigningKey();
  const vaultV2 = await buildAndSign(story, project, alice);

  story.chapter('Start the software platform and load the enclave');
  const platform = await startPlatform({ stateFolder: join(folder, 'platform') });
  const storage = join(folder, 'storage');
  await mkdir(storage);
  const scene = { story, platform, storage };
  try {
    const first = await loadAndShow(scene, vaultV2);
    const server = await serveVault(first, platform);
    const trust = await decideTrust(story, platform, first);
    const reader = await createReader();
    await storeSecret(scene, { server, trust, reader });
    await killAndRestart(scene, { enclave: first, server, signed: vaultV2, trust, reader });
    await refuseOthers(scene, { project, signed: vaultV2, alice, reader });
    await server.close();
  } finally {
    await platform.close();
  }
}

async function buildAndSign(
  story: Story,
  project: Project,
  key: Parameters<typeof signEnclave>[0]['key'],
): Promise<Signed> {
  story.chapter('Build and sign the enclave');
  const built = await buildEnclave(project);
  const signature = signEnclave({ image: built.image, key, date: new Date() });
  const sha256 = toHex(new Uint8Array(createHash('sha256').update(built.image).digest()));
  story.say(
    'image',
    `${built.image.length.toLocaleString('en')} bytes, ${built.report.packages.length} packages inside`,
  );
  story.say('MRENCLAVE', toHex(built.mrEnclave));
  story.happened('sha256sum of the image prints the same value', sha256 === toHex(built.mrEnclave));
  return { image: built.image, signature };
}

async function loadAndShow({ story, platform, storage }: Scene, signed: Signed): Promise<VaultEnclave> {
  const enclave = await loadVault({ ...signed, launcher: platform, storage });
  story.say('MRSIGNER', toHex(enclave.identity.mrSigner));
  story.say(
    'isolation',
    enclave.isolation
      .filter((layer) => layer.active)
      .map((layer) => layer.name)
      .join(', '),
  );
  for (const layer of enclave.isolation.filter((candidate) => !candidate.active))
    {story.say(`  without ${layer.name}`, layer.detail);}
  story.note('SOFTWARE PLATFORM, single user: this user could read everything. Its evidence says so.');
  story.happened(
    'the platform measured the image, verified its signature and started it',
    enclave.identity.securityVersion === 2,
  );
  return enclave;
}

/** What the owner of the secret decides beforehand: whose vault, which version, which root. */
async function decideTrust(story: Story, platform: EmbeddedPlatform, enclave: VaultEnclave): Promise<VaultTrust> {
  story.chapter('The client checks the enclave before it trusts it');
  const root = await softwareRoot((await platform.describe()).rootCertificate);
  const policy: SgxPolicy = {
    mrSigner: [toHex(enclave.identity.mrSigner)],
    productId: 7,
    minimumSecurityVersion: 2,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
    intelRoot: false,
    softwareRoots: [root.fingerprint],
  };
  story.say('pinned root', root.fingerprint);
  story.say('policy', 'this signer, product 7, version 2 or later, this one software root');
  return { roots: [root], policy };
}

interface Client {
  readonly server: VaultServer;
  readonly trust: VaultTrust;
  readonly reader: Awaited<ReturnType<typeof createReader>>;
}

async function storeSecret({ story, storage }: Scene, { server, trust, reader }: Client): Promise<void> {
  const attested = await attest(server.url, trust);
  story.say('quote', `${attested.verdict.status}, advisories: ${attested.verdict.advisoryIds.join(', ') || 'none'}`);
  story.happened(
    `${attested.verdict.steps.length} verification steps passed, bound to the client's nonce and the enclave's key`,
    true,
  );
  const strict = { ...trust, policy: { ...trust.policy, softwareRoots: [] } };
  const refused = await attest(server.url, strict).then(
    () => false,
    (error: unknown) => isEnclosError(error) && error.kind === 'policy',
  );
  story.happened('a policy that does not list this software root refuses the same evidence', refused);

  story.chapter('The client sends a secret, encrypted to the enclave alone');
  await upload(server.url, attested, { name: 'launch', value: utf8(secretText), readers: [reader.publicKey] });
  const files = await readdir(storage);
  const blob = await readFile(join(storage, files[0] ?? ''));
  story.say(
    "on the host's disk",
    `${files.length} sealed blob of ${blob.length} bytes: ${blob.subarray(0, 8).toString('latin1')} ${toHex(blob.subarray(-24))}`,
  );
  story.happened("the host's disk does not hold the secret", files.length === 1 && !blob.includes(secretText));
  story.say('read back', `"${Buffer.from(await read(server.url, reader, 'launch')).toString()}"`);
  const stranger = await createReader();
  const turnedAway = await read(server.url, stranger, 'launch').then(
    () => false,
    (error: unknown) => error instanceof VaultResponseError,
  );
  story.happened('a reader whom the owner did not name gets nothing', turnedAway);
}

interface Restart extends Client {
  readonly enclave: VaultEnclave;
  readonly signed: Signed;
}

async function killAndRestart(scene: Scene, { enclave, server, signed, trust, reader }: Restart): Promise<void> {
  const { story, platform, storage } = scene;
  story.chapter('Kill the enclave, start it again');
  const running = descendants(platform.processId);
  for (const processId of running) process.kill(processId, 'SIGKILL');
  const exit = await enclave.exited;
  story.say('kill -9', `process ${running.join(', ')}: ${exit.detail}`);
  const lost = await read(server.url, reader, 'launch').then(
    () => '',
    (error: unknown) => (error instanceof VaultResponseError ? error.code : ''),
  );
  story.happened(`a call to it answers ${lost} at once`, lost === 'ENCLAVE_LOST');
  const again = await loadVault({ ...signed, launcher: platform, storage });
  const restarted = await serveVault(again, platform);
  await attest(restarted.url, trust);
  const secret = Buffer.from(await read(restarted.url, reader, 'launch')).toString();
  story.happened(`the restarted enclave, attested anew, unsealed the secret: "${secret}"`, secret === secretText);
  await restarted.close();
  await again.dispose();
}

interface Others {
  readonly project: Project;
  readonly signed: Signed;
  readonly alice: ReturnType<typeof generateSigningKey>;
  readonly reader: Awaited<ReturnType<typeof createReader>>;
}

async function refuseOthers(scene: Scene, { project, signed, alice, reader }: Others): Promise<void> {
  const { story, platform, storage } = scene;
  story.chapter('What must not work');
  const mallory = generateSigningKey();
  const forged = {
    image: signed.image,
    signature: signEnclave({ image: signed.image, key: mallory, date: new Date() }),
  };
  const other = await releaseCode(scene, forged, reader.publicKey);
  story.happened(`the same image, signed by someone else, cannot unseal: ${other}`, other === 'SEAL_NOT_OPENED');

  const older = await buildEnclave({ ...project, securityVersion: 1 }, { outFolder: join(storage, '../older') });
  const old = { image: older.image, signature: signEnclave({ image: older.image, key: alice, date: new Date() }) };
  const tooNew = await releaseCode(scene, old, reader.publicKey);
  story.happened(`security version 1 cannot open what version 2 sealed: ${tooNew}`, tooNew === 'SEAL_SVN_TOO_NEW');

  const flipped = Uint8Array.from(signed.image);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
  const refusal = await loadVault({ image: flipped, signature: signed.signature, launcher: platform, storage }).then(
    () => 'loaded',
    (error: unknown) => (isEnclosError(error) ? error.code : 'another error'),
  );
  story.happened(
    `one flipped bit in the image, and it does not load: ${refusal}`,
    refusal !== 'loaded' && refusal !== 'another error',
  );
}

/** Loads an enclave over the same storage and asks it for the secret; returns how it refuses. */
async function releaseCode({ platform, storage }: Scene, signed: Signed, reader: Uint8Array): Promise<string> {
  const enclave = await loadVault({ ...signed, launcher: platform, storage });
  try {
    await enclave.call.release({ name: 'launch', reader });
    return 'it was released';
  } catch (error) {
    return isEnclosError(error) ? error.code : 'another error';
  } finally {
    await enclave.dispose();
  }
}

await main();
