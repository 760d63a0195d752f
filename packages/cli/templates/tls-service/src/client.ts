import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type ConnectionOptions } from 'node:tls';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { failureText } from '@enclos/host/report';
import { maxAnswerBytes, purpose, serverName } from './greeter-app.edl.ts';
import { linesOf } from './lines.ts';

// The root and MRENCLAVE come from the owner of the service, never from its host.
const [address = '', rootFile = '', mrEnclave = '', amount = ''] = process.argv.slice(2);
const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
if (host === '' || !/^\d{1,9}$/.test(amount)) {
  console.error('usage: npm run client -- HOST:PORT ROOT.pem MRENCLAVE AMOUNT');
  process.exit(2);
}

try {
  const certificate = await attest();
  console.log('the key of the server belongs to the enclave that was expected');
  // From here on this certificate is trusted and no other: TLS proves that the server has its key.
  const { answer } = await ask(`bid ${amount.padStart(9, '0')}`, { ca: certificate.toString() });
  console.log(`a bid of ${Number(amount)}: ${answer}`);
} catch (error) {
  console.error(failureText(error));
  process.exitCode = 1;
}

/** @returns the certificate of the server, once its key is proven to be the enclave's. */
async function attest(): Promise<X509Certificate> {
  const now = new Date();
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  // The server has not proven anything yet, and learns only a random number.
  const request = `evidence ${Buffer.from(nonce).toString('hex')}`;
  const { answer, certificate } = await ask(request, { rejectUnauthorized: false });
  const evidence = JSON.parse(answer) as Record<string, unknown>;
  const root = await softwareRoot(readFileSync(rootFile, 'utf8'));
  const endorsements = parseCollateral(JSON.parse(String(evidence['endorsements'])));
  const quote = new Uint8Array(Buffer.from(String(evidence['quote']), 'hex'));
  const verdict = await verifyQuote(quote, endorsements, { roots: [root], now });
  const key = new Uint8Array(certificate.publicKey.export({ type: 'spki', format: 'der' }));
  appraise(
    verdict,
    {
      mrEnclave: [mrEnclave],
      productId: 1,
      minimumSecurityVersion: 1,
      // A software platform for one user says so in its evidence. On hardware: acceptedStatuses: ['OK'].
      acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
      acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
      intelRoot: false,
      softwareRoots: [root.fingerprint],
    },
    // The quote is for this nonce, and for the key that the server has just proven to have.
    { reportData: await boundReportData({ purpose, nonce, key }) },
    { now },
  );
  return certificate;
}

/** One request on its own connection. */
async function ask(
  request: string,
  trust: Pick<ConnectionOptions, 'ca' | 'rejectUnauthorized'>,
): Promise<{ readonly answer: string; readonly certificate: X509Certificate }> {
  const socket = connect({ host, port: Number(port), servername: serverName, minVersion: 'TLSv1.3', ...trust });
  await once(socket, 'secureConnect');
  const certificate = new X509Certificate(socket.getPeerCertificate().raw);
  socket.write(`${request}\n`);
  for await (const answer of linesOf(socket, maxAnswerBytes)) return { answer, certificate };
  throw new Error('The connection ended without an answer.');
}
