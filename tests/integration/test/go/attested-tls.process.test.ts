import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:tls';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { afterEach } from 'node:test';
import {
  attestedConnect,
  createAttestedServer,
  createClientIdentity,
  quoteAppraiser,
  type Appraiser,
  type AttestedIdentity,
  type AttestedConnection,
} from '@enclos/atls';
import { parseCollateral, softwareRoot, type SgxPolicy } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  attestedCertificate,
  attestedForms,
  attestedServerKey,
  exampleSgxReport,
  peerEvidence,
  pem,
  scenario,
} from '@enclos/evidence-kit';
import { goTest } from '@enclos/testkit';
import { startProbe, type Probe, type ProbeLine, type ProbeTask } from './probe.ts';

const { at, root } = scenario();
const now = (): Date => at;
const mrEnclave = toHex(exampleSgxReport.mrEnclave);
const modes = ['fresh', 'cached'] as const;
const servers = new Set<Server>();
const sockets = new Set<Socket>();
const probes = new Set<Probe>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  for (const each of probes) await each.stop();
  for (const all of [sockets, servers, probes]) all.clear();
});

async function policyOf(enclave: string): Promise<SgxPolicy> {
  const { fingerprint } = await softwareRoot(root.certificate);
  return {
    mrEnclave: [enclave],
    minimumSecurityVersion: 0,
    acceptedStatuses: ['OK'],
    intelRoot: false,
    softwareRoots: [fingerprint],
    allowDebug: true,
  };
}

async function appraiser(enclave = mrEnclave): Promise<Appraiser> {
  const roots = [await softwareRoot(root.certificate)];
  return quoteAppraiser({ roots, policy: await policyOf(enclave), now });
}

async function probe(task: Pick<ProbeTask, 'act'> & Partial<ProbeTask>, enclave = mrEnclave): Promise<Probe> {
  const policy = JSON.stringify(await policyOf(enclave));
  const started = startProbe({ root: root.certificate, policy, now: at.toISOString(), ...task });
  probes.add(started);
  return started;
}

interface Options {
  readonly appraise: Appraiser;
  readonly leastMode?: (typeof modes)[number];
  readonly identity?: AttestedIdentity;
  readonly acceptRelayableRaTls?: boolean;
}

/** Connects to a probe that serves. */
async function connectTo(server: Probe, options: Options): Promise<AttestedConnection> {
  const { port } = await server.next();
  return attestedConnect({ now, ...options, host: '127.0.0.1', port: Number(port) });
}

/** The same, and what the probe says of it, which asks for quotes meanwhile. */
async function meet(server: Probe, options: Options): Promise<[AttestedConnection | string, ProbeLine]> {
  const { port } = await server.next();
  const connection = attestedConnect({ now, ...options, host: '127.0.0.1', port: Number(port) });
  return Promise.all([connection.catch(codeOf), server.next()]);
}

async function listening(server: Server, onConnection: (socket: Socket) => void): Promise<string> {
  servers.add(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this form.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const codeOf = (error: unknown): string => (isEnclosError(error) ? error.code : String(error));

for (const mode of modes) {
  for (const mutual of [false, true]) {
    const what = `${mode}${mutual ? ', both sides' : ''}`;
    goTest(`a client in TypeScript and a server in Go accept each other: ${what}`, async () => {
      const server = await probe({ act: 'serve', mode, mutual });
      const identity = await createClientIdentity({ name: 'client', evidence: peerEvidence(), now });
      const appraise = await appraiser();
      const [met, said] = await meet(server, { appraise, leastMode: mode, ...(mutual ? { identity } : {}) });
      assert.ok(typeof met === 'object', typeof met === 'string' ? met : undefined);
      const { socket, evidence, mode: spoken } = met;
      sockets.add(socket);
      assert.equal(spoken, mode);
      assert.equal(evidence.tee === 'sgx' && evidence.mrEnclave, mrEnclave);
      assert.deepEqual(said, { mode: mutual ? mode : '', mrEnclave: mutual ? mrEnclave : '' });
      socket.write('hello');
      assert.equal(String((await once(socket, 'data'))[0]), 'hello');
    });

    goTest(`a client in Go and a server in TypeScript accept each other: ${what}`, async () => {
      const clients = mutual ? { appraise: await appraiser(), leastMode: mode, now } : undefined;
      const server = await createAttestedServer({ name: 'localhost', evidence: peerEvidence(), now, clients });
      const address = await listening(createServer(), (socket) => {
        void server.accept(socket).then(({ socket: secure }) => secure.pipe(secure));
      });
      const client = await probe({ act: 'connect', address, mode, mutual });
      assert.deepEqual(await client.next(), { mode, mrEnclave });
    });
  }
}

goTest('each side refuses another enclave than its policy names, and the other side learns of it', async () => {
  const other = '00'.repeat(32);
  const server = await probe({ act: 'serve' });
  const [refusal, said] = await meet(server, { appraise: await appraiser(other) });
  assert.equal(refusal, 'APPRAISAL_REFUSED');
  assert.deepEqual(said, { code: 'ATLS_PEER_REFUSED', field: 'policy' });

  const theirs = await createAttestedServer({ name: 'localhost', evidence: peerEvidence(), now });
  const outcomes: Promise<string>[] = [];
  const address = await listening(createServer(), (socket) => {
    outcomes.push(theirs.accept(socket).then(() => 'accepted', codeOf));
  });
  const client = await probe({ act: 'connect', address }, other);
  assert.deepEqual(await client.next(), { code: 'APPRAISAL_REFUSED', field: 'mrEnclave' });
  assert.deepEqual(await Promise.all(outcomes), ['ATLS_PEER_REFUSED']);
});

goTest('a certificate of EGo’s form that Go writes is accepted as plain RA-TLS, and only by name', async () => {
  for (const acceptRelayableRaTls of [false, true]) {
    const server = await probe({ act: 'serve-ego' });
    const appraise = quoteAppraiser({
      roots: [await softwareRoot(root.certificate)],
      policy: await policyOf(mrEnclave),
      now,
      endorsements: () => parseCollateral(scenario().collateral),
    });
    const result = await connectTo(server, { appraise, acceptRelayableRaTls }).then(({ mode, socket }) => {
      sockets.add(socket);
      return mode;
    }, codeOf);
    assert.equal(result, acceptRelayableRaTls ? 'ra-tls' : 'ATLS_NOT_SPOKEN');
  }
});

goTest('a client in Go reads the certificates of every form that a client in TypeScript reads', async () => {
  const collateral = JSON.stringify(scenario().collateral);
  const forms = Object.entries(attestedForms());
  assert.equal(forms.length, 7);
  for (const [name, { id, reportData, wrap }] of forms) {
    for (const data of [reportData, new Uint8Array(64)]) {
      const { quote } = await peerEvidence()(data);
      const cert = pem(attestedCertificate({ id, value: wrap(quote) }));
      const key = attestedServerKey().privateKey.export({ type: 'pkcs8', format: 'pem' });
      const server = createTlsServer({ key, cert, minVersion: 'TLSv1.3' }, (socket) => {
        socket.on('error', () => undefined);
        socket.pipe(socket);
      });
      const address = await listening(server, () => undefined);
      const client = await probe({ act: 'connect', address, raTls: true, collateral });
      const expected =
        data === reportData ? { mode: 'ra-tls', mrEnclave } : { code: 'ATLS_EVIDENCE_NOT_BOUND', field: '' };
      assert.deepEqual(await client.next(), expected, name);
    }
  }
});
