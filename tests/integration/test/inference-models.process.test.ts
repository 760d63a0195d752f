import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { softwareRoot, type SgxPolicy } from '@enclos/attestation';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { supplyKeyFile } from '@enclos/cli-inference';
import { toHex } from '@enclos/codec';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { isEnclosError } from '@enclos/errors';
import { createInferenceClient, type InferenceClient } from '@enclos/inference-client';
import { createSealedCarrier, policyReportAppraiser, supplyModelKey } from '@enclos/inference-client/node';
import { writeCatalogue, type ModelEntry } from '@enclos/inference-models';
import { writeModel } from '@enclos/inference-models/graphs';
import { encryptModel } from '@enclos/inference-models/node';
import { runService, type RunningService } from '@enclos/inference-service';
import { jwkOf, publicKeyOfJwk, signatureKeyOfSpki, type SignatureKey } from '@enclos/jose';
import { encryptJwe, nodePublicKeyOf } from '@enclos/jose/node';
import { tensorOf, valuesOf } from '@enclos/open-inference';
import {
  createWorkshop,
  serviceEnvironment,
  signedService,
  signingKey,
  startTestService,
  until,
  type TestService,
} from '@enclos/process-kit';
import { openVendor, singleUserAdvisory, stateFolders } from '@enclos/software-sgx';
import { freePort, KeyBroker, tlsKeyPair } from '@enclos/testkit';
import { Agent, fetch as fetchWith } from 'undici';

const serviceFolder = fileURLToPath(new URL('../../../../services/inference', import.meta.url));
const modelFolder = fileURLToPath(new URL('../../../../samples/inference/models', import.meta.url));
/** From the moment at which the key service is back, on a machine that does nothing else. */
const nextAnswerMs = 2000;

interface Signer {
  readonly algorithm: 'EdDSA';
  readonly key: SignatureKey;
  readonly sign: (input: Uint8Array) => Uint8Array;
  /** The private key. */
  readonly pem: string;
}

function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = signatureKeyOfSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { algorithm: 'EdDSA', key, pem, sign: (input) => new Uint8Array(sign(null, input, privateKey)) };
}

const workshop = createWorkshop();
const carrier = createSealedCarrier();
const owner = newSigner();
const publisher = newSigner();
const newKey = (): Uint8Array => new Uint8Array(randomBytes(32));
const keys = { broker: newKey(), owner: newKey(), released: newKey() };
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const plain = {
  digits: new Uint8Array(readFileSync(join(modelFolder, 'digits-1.onnx'))),
  characters: new Uint8Array(readFileSync(join(modelFolder, 'characters-1.onnx'))),
  doubler: writeModel({
    nodes: [{ operator: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['n'] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['n'] }],
  }),
  squarer: writeModel({
    nodes: [{ operator: 'Mul', inputs: ['x', 'x'], outputs: ['y'] }],
    inputs: [{ name: 'x', datatype: 'FP32', shape: ['n'] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: ['n'] }],
  }),
};
const entryOf = (name: keyof typeof plain, more: Partial<ModelEntry> = {}): ModelEntry => {
  const bytes = plain[name];
  return { name, version: '1', digest: digestOf(bytes), sizeBytes: bytes.length, limits: {}, ...more };
};
const manifest = {
  models: [
    { ...entryOf('digits'), keyId: 'kbs:///default/model/digits' },
    { ...entryOf('characters'), owner: jwkOf(owner.key), keepKey: 'sealed' },
    { ...entryOf('squarer'), keyId: 'release:///squarer' },
  ],
  catalogue: { keys: [jwkOf(publisher.key)], floor: 4 },
};
const catalogueOf = async (version: number): Promise<string> =>
  writeCatalogue({ version, issued: '2026-11-29T12:00:00Z', models: [entryOf('doubler')] }, publisher);

const tls = tlsKeyPair(selfSignedCertificate, 'keys.test');
const refusedQuotes: string[] = [];
const broker = new KeyBroker({
  tls,
  secrets: new Map([['default/model/digits', keys.broker]]),
  wrap(secret, jwk) {
    const key = publicKeyOfJwk({ ...jwk });
    assert.ok(key !== undefined);
    return encryptJwe(secret, { kid: 'k', ...nodePublicKeyOf(key) }, 'ECDH-ES+A256KW');
  },
  // The report data of the quote begin with the hash of what the enclave sent.
  accept(quote, hash) {
    const isAbout = Buffer.from(quote, 'base64').includes(Buffer.from(hash, 'hex'));
    if (!isAbout) refusedQuotes.push(hash);
    return isAbout;
  },
});

const models = workshop.subfolder('models');
// Git ignores what is there.
mkdirSync(join(serviceFolder, '.enclos'), { recursive: true });
const variant = mkdtempSync(join(serviceFolder, '.enclos', 'models-'));
let built: Awaited<ReturnType<typeof buildEnclave>>;
let platform: Awaited<ReturnType<typeof workshop.startPlatform>>;
let service: RunningService;
/** The attestation service that releases the key of `squarer`. */
let releasing: TestService;
let releasingPort: number;
const log: string[] = [];

async function start(): Promise<RunningService> {
  const address = { host: '127.0.0.1', port: 0 };
  const signature = signEnclave({ image: built.image, key: signingKey('first'), date: new Date('2026-06-01') });
  return runService(
    {
      models,
      listen: address,
      admin: address,
      state: join(workshop.folder, 'state'),
      keyBroker: { host: '127.0.0.1', port: broker.port },
      attestationService: { host: '127.0.0.1', port: releasingPort },
    },
    {
      environment: serviceEnvironment(
        { image: built.image, signature, companionFiles: built.paths.companionFiles },
        platform,
      ),
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: (fields, message) => log.push(`${JSON.stringify(fields)} ${message}`),
        error: () => undefined,
      },
    },
  );
}

const url = (): string => `https://127.0.0.1:${service.address.port}`;

async function acceptedEnclave(): Promise<SgxPolicy> {
  const { rootPem } = await openVendor(stateFolders(workshop.stateFolder('here')).vendorFolder);
  return {
    mrEnclave: [toHex(built.mrEnclave)],
    minimumSecurityVersion: 1,
    acceptedStatuses: ['CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [(await softwareRoot(rootPem)).fingerprint],
  };
}

async function clientOf(more: { readonly minimumCatalogueVersion?: number } = {}): Promise<InferenceClient> {
  const appraise = policyReportAppraiser({ policy: await acceptedEnclave() });
  return createInferenceClient({ url: url(), appraise, fetch: carrier.fetch, receipts: 'require', ...more });
}

async function askDigits(client: InferenceClient): Promise<string> {
  const inputs = [tensorOf('input', 'FP32', new Float32Array(64).fill(0.5), [1, 1, 8, 8])];
  const { outputs } = await client.infer({ model: 'digits', inputs });
  return toHex(outputs[0]?.data ?? new Uint8Array());
}

async function stateOf(client: InferenceClient, name: string): Promise<string | undefined> {
  const found = (await client.models()).find((model) => model.name === name);
  return found === undefined ? undefined : [found.state, found.reason].filter((text) => text !== '').join(' ');
}

before(async () => {
  mkdirSync(models, { recursive: true });
  writeFileSync(join(models, 'digits-1.onnx.jwe'), encryptModel(plain.digits, keys.broker, { name: 'digits' }));
  writeFileSync(
    join(models, 'characters-1.onnx.jwe'),
    encryptModel(plain.characters, keys.owner, { name: 'characters' }),
  );
  writeFileSync(join(models, 'squarer-1.onnx.jwe'), encryptModel(plain.squarer, keys.released, { name: 'squarer' }));
  writeFileSync(join(models, 'doubler-1.onnx'), plain.doubler);
  writeFileSync(join(models, 'catalogue.jws'), await catalogueOf(5));
  writeFileSync(join(variant, 'models.json'), JSON.stringify(manifest));
  const keyBroker = { url: 'https://keys.test', certificateAuthorities: [tls.cert] };
  releasingPort = await freePort();
  // Its certificate is made anew with each start of it, so the enclave takes any.
  const keyRelease = { url: `https://localhost:${releasingPort}` };
  writeFileSync(join(variant, 'service.json'), JSON.stringify({ keyBroker, keyRelease }));
  const project = await loadProject(serviceFolder);
  // A file of a project is in its folder.
  const files = project.files.map(({ target, ...file }) => ({
    ...file,
    target,
    source: relative(serviceFolder, join(variant, target)),
  }));
  built = await buildEnclave({ ...project, files }, { outFolder: workshop.subfolder('image') });
  platform = await workshop.startPlatform('here');
  // It has a port, and is dead when the enclave asks for the first time.
  await broker.start();
  await broker.kill();
  service = await start();
});
after(async () => {
  rmSync(variant, { recursive: true });
  carrier.close();
  await service?.stop();
  await releasing?.running.stop();
  await broker.kill();
  await workshop.close();
});

/** Stores the key of `squarer` for enclaves of this measurement. */
async function putReleasedKey(mrEnclave: Uint8Array): Promise<void> {
  const authority = `https://localhost:${releasingPort}`;
  const allOf = [{ claim: 'x-ms-sgx-mrenclave', equals: toHex(mrEnclave) }];
  const releasePolicy = { version: '1.0.0', anyOf: [{ authority, allOf }] };
  const secret = Buffer.from(keys.released).toString('base64url');
  const dispatcher = new Agent({ connect: { ca: releasing.certificate } });
  const response = await fetchWith(`https://localhost:${releasingPort}/keys/squarer?api-version=2025-06-01`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${releasing.managementToken}` },
    body: JSON.stringify({ secret, releasePolicy }),
    dispatcher,
  });
  assert.equal(response.status, 200, await response.text());
  await dispatcher.close();
}

describe('encrypted models and a catalogue in the enclave of the inference service', () => {
  test('while the key service is dead, requests for its model are to be sent again, and within 2 s after it is back one is answered', async () => {
    const client = await clientOf();
    await assert.rejects(askDigits(client), { code: 'INFERENCE_SERVICE_BUSY' });
    const doubled = await client.infer({
      model: 'doubler',
      inputs: [tensorOf('x', 'FP32', Float32Array.of(1, 2), [2])],
    });
    assert.deepEqual(doubled.outputs[0] && [...valuesOf(doubled.outputs[0], 'FP32')], [2, 4]);
    await until(
      'the enclave asked for the key',
      async () => (await stateOf(client, 'digits')) === 'LOADING MODEL_KEY_SERVICE_UNREACHABLE',
    );
    const toll = { answered: 0, again: 0 };
    let backAtMs = Number.POSITIVE_INFINITY;
    let tookMs: number | undefined;
    const load = Array.from({ length: 4 }, async () => {
      while (tookMs === undefined) {
        try {
          await askDigits(client);
          toll.answered += 1;
          tookMs ??= performance.now() - backAtMs;
        } catch (error) {
          assert.ok(isEnclosError(error) && error.kind === 'transient', String(error));
          toll.again += 1;
        }
      }
    });
    await until('there is load', () => toll.again > 20);
    await broker.start();
    backAtMs = performance.now();
    await Promise.all(load);
    console.log(
      `${toll.again} to be sent again, the next answer ${tookMs?.toFixed(0)} ms after the key service was back`,
    );
    assert.ok((tookMs ?? Number.POSITIVE_INFINITY) < nextAnswerMs * 30, 'no answer came');
    assert.deepEqual(refusedQuotes, []);
    client.close();
  });

  test('the owner of a model supplies its key to the enclave that a policy accepts, and a stranger does not', async () => {
    const client = await clientOf();
    const { digest } = entryOf('characters');
    const supply = async (by: Signer, key: Uint8Array): Promise<void> =>
      supplyModelKey(client, { url: url(), name: 'characters', digest, key, owner: by });
    const refused = (code: string) => (error: unknown) =>
      isEnclosError(error, 'INFERENCE_CALL_REFUSED') && error.details['code'] === code;
    assert.equal(await stateOf(client, 'characters'), 'LOADING MODEL_KEY_AWAITED');
    await assert.rejects(supply(newSigner(), keys.owner), refused('MODEL_KEY_REFUSED'));
    await assert.rejects(supply(owner, keys.broker), refused('MODEL_NOT_OPENED'));
    const file = (name: string): string => join(workshop.folder, name);
    writeFileSync(file('characters.key'), keys.owner);
    writeFileSync(file('owner.pem'), owner.pem);
    writeFileSync(file('policy.json'), JSON.stringify(await acceptedEnclave()));
    // What `enclos model key supply` does.
    const supplied = await supplyKeyFile({
      url: url(),
      model: 'characters',
      digest,
      key: file('characters.key'),
      owner: file('owner.pem'),
      policy: file('policy.json'),
      collateral: undefined,
      now: () => new Date(),
    });
    assert.equal(supplied.measurement, toHex(built.mrEnclave));
    assert.equal(await stateOf(client, 'characters'), 'READY');
    await assert.rejects(supply(owner, keys.owner), refused('MODEL_KEY_REFUSED'));
    client.close();
  });

  test('an attestation service releases the key of a model to the enclave that its policy names, and to no other', async () => {
    const client = await clientOf();
    const isWaitingFor = async (reason: string): Promise<void> =>
      until(reason, async () => (await stateOf(client, 'squarer')) === `LOADING ${reason}`);
    await isWaitingFor('MODEL_KEY_SERVICE_UNREACHABLE');
    releasing = await startTestService({
      signed: await signedService(workshop),
      launcher: platform,
      folder: workshop.subfolder('releasing'),
      port: releasingPort,
    });
    await putReleasedKey(new Uint8Array(32).fill(9));
    await until('the policy of the secret has refused this enclave', () => {
      const lines = readFileSync(releasing.auditFile, 'utf8').trim().split('\n');
      return lines.some((line) => line.includes('"release-policy"') && line.includes(toHex(built.mrEnclave)));
    });
    await isWaitingFor('MODEL_KEY_REFUSED');
    await putReleasedKey(built.mrEnclave);
    await until('the model is here', async () => (await stateOf(client, 'squarer')) === 'READY');
    const inputs = [tensorOf('x', 'FP32', Float32Array.of(1, 3), [2])];
    const { outputs } = await client.infer({ model: 'squarer', inputs });
    assert.deepEqual(outputs[0] && [...valuesOf(outputs[0], 'FP32')], [1, 9]);
    client.close();
  });

  test('after a start the sealed key opens the model again, and an older catalogue is refused', async () => {
    const first = await clientOf({ minimumCatalogueVersion: 5 });
    await first.attest();
    first.close();
    await service.stop();
    writeFileSync(join(models, 'catalogue.jws'), await catalogueOf(4));
    service = await start();
    const client = await clientOf();
    await until('the models are here', async () => {
      const states = [
        await stateOf(client, 'digits'),
        await stateOf(client, 'characters'),
        await stateOf(client, 'squarer'),
      ];
      return states.every((state) => state === 'READY');
    });
    assert.equal(await stateOf(client, 'doubler'), undefined);
    assert.ok(
      log.some((line) => line.includes('MODEL_CATALOGUE_OLD')),
      log.join('\n'),
    );
    const strict = await clientOf({ minimumCatalogueVersion: 5 });
    await assert.rejects(strict.attest(), { code: 'INFERENCE_NOT_ATTESTED' });
    strict.close();
    client.close();
  });
});
