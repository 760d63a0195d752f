import { readFileSync } from 'node:fs';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { answeredError, failureText } from '@enclos/host/report';
import { purpose } from './greeter-app.edl.ts';

// The root and MRENCLAVE come from the owner of the service, never from its host.
const [url = '', rootFile = '', mrEnclave = '', ...words] = process.argv.slice(2);
if (mrEnclave === '') {
  console.error('usage: npm run client -- URL ROOT.pem MRENCLAVE [words to be signed]');
  process.exit(2);
}

try {
  process.exitCode = (await checkAndSign()) ? 0 : 1;
} catch (error) {
  console.error(failureText(error));
  process.exitCode = 1;
}

/** @returns whether the signature holds. */
async function checkAndSign(): Promise<boolean> {
  const now = new Date();
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const evidence = await ask('evidence', `?nonce=${Buffer.from(nonce).toString('hex')}`);
  const publicKey = bytes(evidence['publicKey']);

  const root = await softwareRoot(readFileSync(rootFile, 'utf8'));
  const endorsements = parseCollateral(JSON.parse(String(evidence['endorsements'])));
  const verdict = await verifyQuote(bytes(evidence['quote']), endorsements, { roots: [root], now });
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
    { reportData: await boundReportData({ purpose, nonce, key: publicKey }) },
    { now },
  );
  console.log('the key belongs to the enclave that was expected');

  const statement = words.length === 0 ? 'hello' : words.join(' ');
  const { signature } = await ask('sign', '', statement);
  const key = await crypto.subtle.importKey('raw', publicKey, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'verify',
  ]);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const holds = await crypto.subtle.verify(algorithm, key, bytes(signature), new TextEncoder().encode(statement));
  console.log(holds ? `signed by it: ${statement}` : 'the signature does not hold');
  return holds;
}

async function ask(path: string, query: string, body?: string): Promise<Record<string, unknown>> {
  const init = body === undefined ? {} : { method: 'POST', body };
  const response = await fetch(`${url}/${path}${query}`, init);
  if (!response.ok) throw await answeredError(`${url}/${path}`, response);
  return (await response.json()) as Record<string, unknown>;
}

function bytes(hex: unknown): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(String(hex), 'hex'));
}
