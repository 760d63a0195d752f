import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { after, before } from 'node:test';
import { attestedConnect, quoteAppraiser } from '@enclos/atls';
import { parseCollateral, softwareRoot, verifyQuote, type QuoteCollateral, type SgxPolicy } from '@enclos/attestation';
import { quoteOfReportExtension } from '@enclos/attestation/carriers';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { attestedCertificate, attestedForms, attestedServerKey, openEnclaveReport, pem } from '@enclos/evidence-kit';
import { createWorkshop, flipped, loadProbe, serviceScene, type Probe, type ServiceScene } from '@enclos/process-kit';
import { startPccs } from '@enclos/process-kit/attestation/pccs';
import { singleUserAdvisory, type EmbeddedPlatform } from '@enclos/software-sgx';
import { goIsHere, goTest } from '@enclos/testkit';
import {
  askClient,
  buildEgoPrograms,
  bytesOf,
  embedded,
  loadEgo,
  type EgoEnclave,
  type EgoReport,
  type EgoVariant,
} from './ego-host.ts';

const workshop = createWorkshop();
/** The attestation service, and the platform that it shares with the programs. */
let scene: ServiceScene;
let platform: EmbeddedPlatform;
let elsewhere: EmbeddedPlatform;
let programs: { readonly program: string; readonly client: string };
let typescript: Probe;
/** Of one signer and product, but for the stranger: the program, another build, a debug build and a later version. */
const loaded = new Map<string, EgoEnclave>();
/** The variables by which the client trusts the platform, and knows its collateral. */
let trusting: NodeJS.ProcessEnv;

const variants: Readonly<Record<string, EgoVariant>> = {
  ego: {},
  sibling: { changes: { heapSizeBytes: 96n * 1024n * 1024n } },
  newer: { changes: { securityVersion: 4 } },
  debug: { changes: { debug: true } },
  stranger: { signer: 'second' },
};

function enclave(name: string): EgoEnclave {
  const found = loaded.get(name);
  assert.ok(found !== undefined, name);
  return found;
}

before(async () => {
  if (!goIsHere) return;
  programs = await buildEgoPrograms();
  scene = await serviceScene(workshop);
  ({ platform } = scene);
  elsewhere = await workshop.startPlatform('elsewhere');
  typescript = await loadProbe(platform, await workshop.signed('probe'));
  for (const [name, variant] of Object.entries(variants)) {
    loaded.set(name, await loadEgo(platform, programs.program, variant));
  }
  trusting = await trustIn(platform, 'here');
});
after(async () => {
  for (const each of loaded.values()) await each.enclave.dispose();
  await typescript?.dispose();
  await scene?.close();
  await workshop.close();
});

/** A client's variables for a platform. */
async function trustIn(
  of: EmbeddedPlatform,
  name: string,
): Promise<{ readonly ENCLOS_EGO_ROOTS: string; readonly ENCLOS_EGO_COLLATERAL: string }> {
  const roots = join(workshop.folder, `${name}-roots.pem`);
  const collateral = join(workshop.folder, `${name}-collateral.json`);
  writeFileSync(roots, (await of.describe()).rootCertificate);
  writeFileSync(collateral, await of.endorsements());
  return { ENCLOS_EGO_ROOTS: roots, ENCLOS_EGO_COLLATERAL: collateral };
}

const outOfDate = 'OE_TCB_LEVEL_INVALID';
const configurationNeeded = 3;
const unknown = 7;
const padded = (data: Uint8Array): Uint8Array => concatBytes(data, new Uint8Array(64 - data.length));

/** What a report of an enclave of Enclos says. */
function expected(
  identity: {
    readonly mrEnclave: Uint8Array;
    readonly mrSigner: Uint8Array;
    readonly securityVersion: number;
    readonly productId: number;
  },
  { data, status, isDebug = false }: { readonly data: Uint8Array; readonly status: number; readonly isDebug?: boolean },
): EgoReport {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    Data: base64(padded(data)),
    SecurityVersion: identity.securityVersion,
    Debug: isDebug,
    UniqueID: base64(identity.mrEnclave),
    SignerID: base64(identity.mrSigner),
    ProductID: base64(concatBytes(Uint8Array.of(identity.productId, 0), new Uint8Array(14))),
    TCBStatus: status,
    TCBAdvisories: status === unknown ? null : [singleUserAdvisory],
    TCBAdvisoriesErr: null,
  } as EgoReport;
}

/** A remote report of a TypeScript enclave, in the form of Open Enclave. */
async function typescriptQuote(of: EmbeddedPlatform, probe: Probe, data: Uint8Array): Promise<Uint8Array> {
  const report = await probe.call.createReport({ target: await of.quotingTarget(), reportData: padded(data) });
  return of.quote(report);
}

goTest('a relying party in TypeScript verifies a report, whose data are as they were given', async () => {
  const data = utf8('up to 64 bytes');
  const { quote, hasHeader } = quoteOfReportExtension(await enclave('ego').value('remote', data));
  assert.ok(hasHeader);
  const endorsements = parseCollateral(JSON.parse(await platform.endorsements()));
  const roots = [await softwareRoot((await platform.describe()).rootCertificate)];
  const { report } = await verifyQuote(quote, endorsements, { roots, now: new Date() });
  assert.ok('mrEnclave' in report);
  assert.equal(report.reportData, toHex(padded(data)));
  assert.equal(report.mrEnclave, toHex(enclave('ego').enclave.identity.mrEnclave));
  assert.match((await enclave('ego').answer('remote', new Uint8Array(65))).Error ?? '', /at most 64 bytes/);
});

goTest('a client outside verifies Go and TypeScript, by roots and collateral that are named', async () => {
  const data = new Uint8Array(randomBytes(32));
  const { client } = programs;
  const ofGo = await enclave('ego').value('remote', data);
  const ofTypeScript = openEnclaveReport(await typescriptQuote(platform, typescript, data));
  for (const [report, identity] of [
    [ofGo, enclave('ego').enclave.identity],
    [ofTypeScript, typescript.identity],
  ] as const) {
    const found = await askClient(client, { input: report, environment: trusting });
    assert.deepEqual(found, { Report: expected(identity, { data, status: configurationNeeded }), Error: outOfDate });
  }
  const refused = async (reason: RegExp, environment: NodeJS.ProcessEnv, report = ofGo) => {
    const { Report: found, Error: error } = await askClient(client, { input: report, environment });
    assert.equal(found, undefined);
    assert.match(error ?? '', reason);
  };
  // Endorsements have this shape (`Launcher`).
  const documents = JSON.parse(await platform.endorsements()) as QuoteCollateral;
  const service = await startPccs({ sgx: documents, tdx: documents });
  const fetching = { ...trusting, ENCLOS_EGO_COLLATERAL: `${service.url.href}sgx/certification/v4/` };
  assert.ok((await askClient(client, { input: ofGo, environment: fetching })).Report !== undefined);
  assert.equal(service.asked.length, 4);
  await service.close();
  await refused(/ENDORSEMENTS_UNREACHABLE/, fetching);
  await refused(/not trusted here/, {});
  await refused(/not trusted here/, await trustIn(elsewhere, 'elsewhere'));
  await refused(/no collateral for a software platform/, { ...trusting, ENCLOS_EGO_COLLATERAL: undefined });
  for (let position = 0; position < 16 + 48 + 384; position += 149) {
    await refused(/./, trusting, flipped(ofGo, position, 0x10));
  }
});

goTest('a client outside accepts servers of Go and of TypeScript, and only the enclave that it wants', async () => {
  const { client } = programs;
  const addresses = ['ego', 'oe'].map((name) => `127.0.0.1:${enclave('ego').enclave.listeners[name]?.port}`);
  const own = toHex(enclave('ego').enclave.identity.mrEnclave);
  for (const address of addresses) {
    const ask = (...options: readonly string[]) =>
      askClient(client, { parameters: [address, ...options], environment: trusting });
    assert.equal((await ask(own, 'ignore')).Error, undefined);
    assert.equal((await ask(own)).Error, outOfDate);
    assert.equal((await ask('00', 'ignore')).Error, 'another enclave');
    const environment = { ...trusting, ENCLOS_EGO_ADVISORIES: singleUserAdvisory };
    assert.equal((await askClient(client, { parameters: [address, own], environment })).Error, undefined);
  }
  const { ego: ofKey, 'oe-report': ofText, 'oe-evidence': evidence } = attestedForms();
  for (const { id, reportData, wrap } of [ofKey, ofText, evidence]) {
    const value = wrap(await typescriptQuote(platform, typescript, reportData));
    const cert = pem(attestedCertificate({ id, value }));
    const key = attestedServerKey().privateKey.export({ type: 'pkcs8', format: 'pem' });
    const server = createServer({ key, cert }, (socket) => socket.on('error', () => undefined));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A server that listens on TCP has an address of this form.
    const { port } = server.address() as AddressInfo;
    const parameters = [`127.0.0.1:${port}`, toHex(typescript.identity.mrEnclave), 'ignore'];
    assert.equal((await askClient(client, { parameters, environment: trusting })).Error, undefined, id);
    server.close();
  }
});

goTest('a client in TypeScript accepts both forms of certificates', async () => {
  const roots = [await softwareRoot((await platform.describe()).rootCertificate)];
  const policy: SgxPolicy = {
    mrEnclave: [toHex(enclave('ego').enclave.identity.mrEnclave)],
    minimumSecurityVersion: 3,
    acceptedStatuses: ['CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: roots.map(({ fingerprint }) => fingerprint),
  };
  const endorsements = async () => parseCollateral(JSON.parse(await platform.endorsements()));
  const appraise = quoteAppraiser({ roots, policy, now: () => new Date(), endorsements });
  for (const name of ['ego', 'oe']) {
    const address = enclave('ego').enclave.listeners[name];
    assert.ok(address?.port !== undefined);
    const { mode, socket } = await attestedConnect({
      host: '127.0.0.1',
      port: address.port,
      appraise,
      acceptRelayableRaTls: true,
      now: () => new Date(),
    });
    assert.equal(mode, 'ra-tls');
    socket.destroy();
  }
});

goTest(
  'an enclave verifies reports and certificates of its own platform, and of others by a root that is measured',
  async () => {
    const data = new Uint8Array(randomBytes(64));
    const report = openEnclaveReport(await typescriptQuote(platform, typescript, data));
    for (const what of ['verifyRemote', 'verifyAsClient']) {
      const found = await enclave('ego').answer(what, report);
      assert.deepEqual(found, {
        Report: expected(typescript.identity, { data, status: configurationNeeded }),
        Error: outOfDate,
      });
    }
    const { ego: form } = attestedForms();
    for (const [reportData, reason] of [
      [form.reportData, undefined],
      [data, /another key/],
    ] as const) {
      const quote = await typescriptQuote(platform, typescript, reportData);
      const { Error: error } = await enclave('ego').answer(
        'verifyCertificate',
        attestedCertificate({ id: form.id, value: form.wrap(quote) }),
      );
      if (reason === undefined) assert.equal(error, undefined);
      else assert.match(error ?? '', reason);
    }

    const foreign = await loadProbe(elsewhere, await workshop.signed('probe'));
    const others = openEnclaveReport(await typescriptQuote(elsewhere, foreign, data));
    await foreign.dispose();
    assert.match((await enclave('ego').answer('verifyRemote', others)).Error ?? '', /not trusted here/);
    const files = [
      embedded('/roots.pem', (await elsewhere.describe()).rootCertificate),
      embedded('/collateral.json', await elsewhere.endorsements()),
    ];
    const variable = (name: string, value?: string) => (value === undefined ? { name } : { name, value });
    const collateral = variable('ENCLOS_EGO_COLLATERAL', '/collateral.json');
    const measured = await loadEgo(platform, programs.program, {
      files,
      changes: {
        environment: [
          variable('ENCLOS_EGO_ROOTS', '/roots.pem'),
          variable('ENCLOS_EGO_ADVISORIES', singleUserAdvisory),
          collateral,
        ],
      },
    });
    assert.deepEqual(
      (await measured.answer('verifyRemote', others)).Report?.Data,
      Buffer.from(data).toString('base64'),
    );
    await measured.enclave.dispose();
    // The host must not choose whom to trust, not even among the files of the image.
    const byHost = await loadEgo(platform, programs.program, {
      files,
      changes: { environment: [variable('ENCLOS_EGO_ROOTS'), collateral] },
      environment: { ENCLOS_EGO_ROOTS: '/roots.pem' },
    });
    for (const what of ['verifyRemote', 'verifyAsClient']) {
      assert.match((await byHost.answer(what, others)).Error ?? '', /comes from the host/);
    }
    await byHost.enclave.dispose();
  },
);

goTest(
  'Go and TypeScript prove themselves to each other on one machine, and a debug enclave is named as one',
  async () => {
    const local = (report: Uint8Array): Uint8Array => openEnclaveReport(report, 1);
    const body = (report: Uint8Array): Uint8Array => report.subarray(16);
    const data = new Uint8Array(randomBytes(64));
    const [ego, debug] = [enclave('ego'), enclave('debug')];
    // The target of a report is the enclave that made another one, of either kind.
    const ofTypeScript = await typescript.call.createReport({ target: new Uint8Array(512), reportData: data });
    const remote = openEnclaveReport(await typescriptQuote(platform, typescript, data));
    for (const target of [local(ofTypeScript), remote]) {
      const report = await ego.value('local', data, target);
      const verified = typescript.call.verifyReport({ report: body(report), expectedReportData: data });
      assert.deepEqual(await verified, ego.enclave.identity.mrEnclave);
    }
    const forGo = await typescript.call.createReport({ target: await typescriptTarget(ego), reportData: data });
    const found = await ego.answer('verifyLocal', local(forGo));
    assert.deepEqual(found, { Report: expected(typescript.identity, { data, status: unknown }) });
    const byDebug = await debug.value('local', data, await ego.value('local'));
    assert.deepEqual(
      (await ego.answer('verifyLocal', byDebug)).Report,
      expected(debug.enclave.identity, { data, status: unknown, isDebug: true }),
    );
    const refused = async (report: Uint8Array) =>
      assert.equal((await ego.answer('verifyLocal', report)).Report, undefined);
    for (const position of [0, 4, 8, 16 + 70, 16 + 330, 16 + 390, 16 + 431]) {
      await refused(flipped(byDebug, position, 0x01));
    }
    await refused(await ego.value('local', data));
    await refused(remote);
    const { Report: self } = await ego.answer('self');
    assert.deepEqual(self, expected(ego.enclave.identity, { data: new Uint8Array(0), status: unknown }));
  },
);

/** TARGETINFO of a program, from a report without a target (SDM vol. 3D, TARGETINFO). */
async function typescriptTarget(of: EgoEnclave): Promise<Uint8Array> {
  const report = (await of.value('local')).subarray(16);
  const target = new Uint8Array(512);
  target.set(report.subarray(64, 96), 0);
  target.set(report.subarray(48, 64), 32);
  target.set(report.subarray(260, 262), 50);
  target.set(report.subarray(16, 20), 52);
  target.set(report.subarray(192, 256), 64);
  return target;
}

goTest('an enclave gets a token from the attestation service, which EGo’s client verifies', async () => {
  const issuer = `https://localhost:${scene.port}`;
  const connect = [{ name: 'attestation', host: 'localhost', port: scene.port, transport: 'either' as const }];
  const asking = await loadEgo(platform, programs.program, { changes: { connect } });
  const data = utf8('a key of the enclave');
  const token = await asking.value('azureToken', data, utf8(issuer));
  const authorities = join(workshop.folder, 'service.pem');
  writeFileSync(authorities, scene.service.certificate);
  const verify = (at: string, environment: NodeJS.ProcessEnv = { SSL_CERT_FILE: authorities }) =>
    askClient(programs.client, { input: token, parameters: ['token', at], environment });
  const { Report: report, Error: error } = await verify(issuer);
  assert.equal(error, undefined);
  const { mrEnclave, mrSigner } = asking.enclave.identity;
  assert.deepEqual(bytesOf(report?.Data ?? ''), data);
  assert.deepEqual(bytesOf(report?.UniqueID ?? ''), mrEnclave);
  assert.deepEqual(bytesOf(report?.SignerID ?? ''), mrSigner);
  assert.deepEqual([report?.SecurityVersion, report?.Debug], [3, false]);
  assert.match((await verify(issuer, {})).Error ?? '', /certificate/);
  assert.match((await verify(`${issuer}/`)).Error ?? '', /another issuer/);
  await asking.enclave.dispose();
});

const secret = utf8('a secret');

/** The enclaves that open a blob. */
async function openedBy(what: string, blob: Uint8Array): Promise<readonly string[]> {
  const opened: string[] = [];
  for (const [name, each] of loaded) {
    const { Value: value } = await each.answer(what, blob, utf8('v1'));
    if (value === undefined) continue;
    assert.deepEqual(bytesOf(value), secret);
    opened.push(name);
  }
  return opened;
}

goTest('blobs open by version or by product, later versions open earlier ones, and debug stays apart', async () => {
  const seal = (name: string, what: string) => enclave(name).value(what, secret, utf8('v1'));
  for (const size of ['', '256']) {
    const byUnique = async (name: string) => openedBy(`unseal${size}`, await seal(name, `sealUnique${size}`));
    const byProduct = async (name: string) => openedBy(`unseal${size}`, await seal(name, `sealProduct${size}`));
    // The stranger is the same enclave, signed by another.
    assert.deepEqual(await byUnique('ego'), ['ego', 'stranger']);
    assert.deepEqual(await byUnique('debug'), ['debug']);
    assert.deepEqual(await byProduct('ego'), ['ego', 'sibling', 'newer']);
    assert.deepEqual(await byProduct('newer'), ['newer']);
    assert.deepEqual(await byProduct('debug'), ['debug']);
    assert.deepEqual(await byProduct('stranger'), ['stranger']);
  }
});

goTest('blobs of the Go SDK in a program of EGo and of TypeScript open in each other', async () => {
  const associatedData = utf8('v1');
  const blob = await enclave('ego').value('sdkSeal', secret, associatedData);
  assert.deepEqual(await typescript.call.unseal({ policy: 'signer', associatedData, blob }), secret);
  const other = await typescript.call.seal({ policy: 'signer', associatedData, plaintext: secret });
  assert.deepEqual(await openedBy('sdkUnseal', other), ['ego', 'sibling', 'newer']);
});

goTest('keys come again by what came with them, and the id of the machine is the same after a restart', async () => {
  const ego = enclave('ego');
  const restarted = await loadEgo(platform, programs.program);
  for (const what of ['uniqueKey', 'productKey', 'fixedUniqueKey', 'fixedProductKey']) {
    const { Value: key = '', Info: info = '' } = await ego.answer(what);
    assert.equal(bytesOf(key).length, 16);
    assert.equal(bytesOf(info).length, 512);
    assert.deepEqual(await restarted.value('sealKey', bytesOf(info)), bytesOf(key));
    assert.equal((await ego.answer(what)).Value === key, what.startsWith('fixed'), what);
  }
  const id = await ego.value('sealKeyID');
  assert.equal(id.length, 16);
  assert.deepEqual(await restarted.value('sealKeyID'), id);
  await restarted.enclave.dispose();
  // It depends on the processor, the product and the debug flag alone, as EGo says.
  for (const name of ['sibling', 'newer', 'stranger']) {
    assert.deepEqual(await enclave(name).value('sealKeyID'), id, name);
  }
  const product = await loadEgo(platform, programs.program, { changes: { productId: 12 } });
  const machine = await loadEgo(elsewhere, programs.program);
  for (const other of [enclave('debug'), product, machine]) assert.notDeepEqual(await other.value('sealKeyID'), id);
  await product.enclave.dispose();
  await machine.enclave.dispose();
});
