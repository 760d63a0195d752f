import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  attestedConnect,
  createAttestedServer,
  createClientIdentity,
  quoteAppraiser,
  type Appraiser,
} from '@enclos/atls';
import { createAttestedFetch } from '@enclos/atls/fetch';
import { INTEL_SGX_ROOT, parseCollateral, softwareRoot, type SgxPolicy, type TrustedRoot } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { loadEnclave, type Enclave } from '@enclos/host';
import { mrSignerOf } from '@enclos/sgx';
import { publicModulus, sha256 } from '@enclos/sgx/node';
import { openVendor, singleUserAdvisory, stateFolders, type EmbeddedPlatform } from '@enclos/software-sgx';
import { attested } from '@enclos/process-kit/enclaves/attested';
import { createWorkshop, refusedWith, signingKey, type SignedImage } from '@enclos/process-kit';

type Attested = Enclave<(typeof attested)['trusted']>;

interface Address {
  readonly host: string;
  readonly port: number;
}

const workshop = createWorkshop();
const sockets = new Set<Socket>();
const servers = new Set<Server>();
const enclaves = new Set<Attested>();
let platform: EmbeddedPlatform;
let signed: SignedImage;
let rootPem: string;
let root: TrustedRoot;
let policy: SgxPolicy;
let appraise: Appraiser;

before(async () => {
  platform = await workshop.startPlatform('here');
  ({ rootPem } = await openVendor(stateFolders(workshop.stateFolder('here')).vendorFolder));
  root = await softwareRoot(rootPem);
  policy = {
    mrSigner: [toHex(mrSignerOf(publicModulus(signingKey('first')), sha256))],
    productId: 16,
    minimumSecurityVersion: 1,
    acceptedStatuses: ['CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [root.fingerprint],
  };
  appraise = accepting(policy);
});
after(() => workshop.close());
afterEach(async () => {
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
  for (const enclave of enclaves) await enclave.dispose();
  enclaves.clear();
});

const endorsements = async (): Promise<ReturnType<typeof parseCollateral>> =>
  parseCollateral(await platform.endorsements());

function accepting(rules: SgxPolicy): Appraiser {
  return quoteAppraiser({ roots: [root], policy: rules, endorsements });
}

async function load(peer: Address = { host: '127.0.0.1', port: 1 }): Promise<Attested> {
  const enclave = await loadEnclave({
    ...signed,
    interface: attested,
    launcher: platform,
    untrusted: {},
    isolation: 'best',
    listen: { web: { port: 0 }, peers: { port: 0 } },
    connect: { peer },
  });
  enclaves.add(enclave);
  await enclave.call.trust({ root: rootPem, endorsements: await platform.endorsements() });
  return enclave;
}

function addressOf(enclave: Attested, listener: string): Address {
  const { host = '', port = 0 } = enclave.listeners[listener] ?? {};
  return { host, port };
}

for (const transport of ['relayed', 'passed'] as const) {
  describe(`over ${transport} streams`, () => {
    before(async () => {
      signed = await workshop.signed('attested', { transport });
    });

    describe('an enclave that serves attested TLS', () => {
      test('is accepted by a client whose policy lists the software root, in both modes and after a rotation', async () => {
        const enclave = await load();
        const options = { ...addressOf(enclave, 'web'), appraise };
        for (const leastMode of ['fresh', 'cached'] as const) {
          const { socket, evidence, mode } = await attestedConnect({ ...options, leastMode });
          assert.equal(mode, leastMode);
          assert.ok(evidence.tee === 'sgx');
          assert.deepEqual([evidence.productId, evidence.root.fingerprint], [16, root.fingerprint]);
          assert.equal(evidence.binding.kind, 'report-data');
          socket.destroy();
          await enclave.call.rotate();
        }
      });

      test('is refused without the root, as another product, and when collateral has expired', async () => {
        const enclave = await load();
        const address = addressOf(enclave, 'web');
        const refusal = (appraiser: Appraiser, leastMode: 'fresh' | 'cached'): Promise<unknown> =>
          attestedConnect({ ...address, appraise: appraiser, leastMode });
        const { softwareRoots: _, ...intelOnly } = policy;
        const later = new Date(Date.now() + 400 * 86_400_000);
        for (const mode of ['fresh', 'cached'] as const) {
          await assert.rejects(
            refusal(accepting({ ...intelOnly, intelRoot: true }), mode),
            refusedWith('APPRAISAL_REFUSED'),
          );
          await assert.rejects(
            refusal(accepting({ ...policy, productId: 17 }), mode),
            refusedWith('APPRAISAL_REFUSED'),
          );
          const untrusting = quoteAppraiser({ roots: [INTEL_SGX_ROOT], policy, endorsements });
          await assert.rejects(refusal(untrusting, mode), refusedWith('EVIDENCE_REFUSED'));
          const late = quoteAppraiser({ roots: [root], policy, endorsements, now: () => later });
          await assert.rejects(refusal(late, mode), refusedWith('APPRAISAL_REFUSED'));
        }
      });

      test('answers fetch, which refuses it under another policy before a request is sent', async () => {
        const enclave = await load();
        const url = `https://localhost:${addressOf(enclave, 'web').port}/secret`;
        const fetch = createAttestedFetch({ appraise });
        assert.equal(await (await fetch(url)).text(), 'you asked for /secret');
        await fetch.close();
        const picky = createAttestedFetch({ appraise: accepting({ ...policy, minimumSecurityVersion: 2 }) });
        await assert.rejects(picky(url), refusedWith('APPRAISAL_REFUSED'));
        await picky.close();
      });

      test('sends collateral along, which a client without a source of its own verifies', async () => {
        const enclave = await load();
        const own = quoteAppraiser({ roots: [root], policy });
        for (const leastMode of ['fresh', 'cached'] as const) {
          // The evidence of the certificate was made before the enclave had collateral.
          await enclave.call.rotate();
          const { socket, evidence } = await attestedConnect({
            ...addressOf(enclave, 'web'),
            appraise: own,
            leastMode,
          });
          assert.ok(evidence.tee === 'sgx');
          assert.equal(evidence.mrSigner, policy.mrSigner?.[0]);
          socket.destroy();
        }
      });
    });

    describe('two enclaves', () => {
      test('attest each other, in both modes', async () => {
        const server = await load();
        const client = await load(addressOf(server, 'peers'));
        for (const mode of ['fresh', 'cached'] as const) {
          assert.equal(await client.call.ask({ text: `over ${mode}`, mode }), `over ${mode}`);
        }
        assert.equal(await server.call.refused(), 0);
      });

      test('refuse whoever has no evidence, and a host that shows a quote of theirs as its own', async () => {
        const genuine = await load();
        // A quote that the host got from somewhere: this one was made for a client that saw it.
        let quote = new Uint8Array();
        const seeing: Appraiser = (presented) => {
          quote = presented.quote.slice();
          return appraise(presented);
        };
        const { socket } = await attestedConnect({ ...addressOf(genuine, 'web'), appraise: seeing });
        socket.destroy();
        const host = await createAttestedServer({ name: 'attested.test', evidence: () => Promise.resolve(quote) });
        const address = await listening((connection) => void host.accept(connection).catch(() => undefined));
        const client = await load(address);
        for (const mode of ['fresh', 'cached'] as const) {
          await assert.rejects(client.call.ask({ text: 'a secret', mode }), refusedWith('ENCLAVE_CALL_FAILED'));
        }
        const identity = await createClientIdentity({ name: 'client.test', evidence: () => Promise.resolve(quote) });
        for (const own of [{}, { identity }]) {
          await assert.rejects(attestedConnect({ ...addressOf(genuine, 'peers'), appraise, ...own }));
        }
        assert.equal(await genuine.call.refused(), 2);
      });
    });
  });
}

async function listening(onSocket: (socket: Socket) => void): Promise<Address> {
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  servers.add(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}
