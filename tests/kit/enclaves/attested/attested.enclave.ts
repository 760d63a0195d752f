import { once } from 'node:events';
import { attestedConnect, createAttestedServer, createClientIdentity, quoteAppraiser } from '@enclos/atls';
import type { AcceptedConnection, AttestedServer, Appraiser, SourcedEvidence } from '@enclos/atls';
import { parseCollateral, softwareRoot, type TrustedRoot } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { connect, defineEnclave, identity, listen, quoteReportData } from '@enclos/enclave';
import { attested } from './attested.edl.ts';

const trusted: { root?: TrustedRoot; endorsements: string } = { endorsements: '' };
const servers: AttestedServer[] = [];
let refused = 0;

async function evidence(reportData: Uint8Array): Promise<SourcedEvidence> {
  return { quote: await quoteReportData(reportData), endorsements: trusted.endorsements };
}

/** Accepts enclaves that run the image that runs here. */
const appraise: Appraiser = async (presented) => {
  const { root, endorsements } = trusted;
  if (root === undefined) throw new Error('Nobody is trusted yet.');
  const { mrEnclave } = await identity();
  const accept = quoteAppraiser({
    roots: [root],
    endorsements: () => parseCollateral(endorsements),
    policy: {
      mrEnclave: [toHex(mrEnclave)],
      minimumSecurityVersion: 1,
      acceptedStatuses: ['CONFIGURATION_NEEDED'],
      acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
      intelRoot: false,
      softwareRoots: [root.fingerprint],
    },
  });
  return accept(presented);
};

/** As much of HTTP as one answer takes. */
async function answer({ socket }: AcceptedConnection): Promise<void> {
  for (let request = ''; ;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    request += chunk.toString();
    if (!request.endsWith('\r\n\r\n')) continue;
    const body = `you asked for ${request.split(' ')[1] ?? ''}`;
    request = '';
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  }
}

async function start(): Promise<void> {
  const web = await createAttestedServer({ name: 'attested.test', evidence });
  void web.serve(listen('web'), answer);

  const peers = await createAttestedServer({
    name: 'attested.test',
    evidence,
    clients: { appraise, leastMode: 'cached' },
  });
  const onRefused = (): void => void (refused += 1);
  void peers.serve(listen('peers'), ({ socket }) => socket.pipe(socket), { onRefused });
  servers.push(web, peers);
}

export const application = defineEnclave(
  attested,
  {
    async trust({ root, endorsements }) {
      trusted.root = await softwareRoot(root);
      trusted.endorsements = endorsements;
    },
    async ask({ text, mode }) {
      const client = await createClientIdentity({ name: 'client.test', evidence });
      const stream = await connect('peer');
      const { socket } = await attestedConnect({ stream, appraise, leastMode: mode, identity: client });
      socket.end(text);
      let received = '';
      for await (const chunk of socket) received += String(chunk);
      return received;
    },
    async rotate() {
      for (const server of servers) await server.identity.rotate();
    },
    refused: () => refused,
  },
  { start },
);
