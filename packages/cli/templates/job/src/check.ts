import { readFileSync } from 'node:fs';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { failureText } from '@enclos/host/report';
import { purpose } from './greeter-app.edl.ts';

// The root and MRENCLAVE come from the owner of the job, and the challenge from the client that ordered it.
// None of them comes from the host.
const [rootFile = '', mrEnclave = '', challengeHex = ''] = process.argv.slice(2);
if (challengeHex === '') {
  console.error('usage: npm run check -- ROOT.pem MRENCLAVE CHALLENGE');
  process.exit(2);
}

const result = readFileSync('data/out/result.txt');
const proof = JSON.parse(readFileSync('data/out/proof.json', 'utf8')) as Record<string, string>;

try {
  await check();
  console.log('this result was made by the enclave that was expected, for this order');
} catch (error) {
  console.error(failureText(error));
  process.exitCode = 1;
}

async function check(): Promise<void> {
  const now = new Date();
  const root = await softwareRoot(readFileSync(rootFile, 'utf8'));
  const endorsements = parseCollateral(JSON.parse(proof['endorsements'] ?? ''));
  const verdict = await verifyQuote(bytes(proof['quote'] ?? ''), endorsements, { roots: [root], now });
  const key = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(result)));
  const reportData = await boundReportData({ purpose, nonce: bytes(challengeHex), key });
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
    { reportData },
    { now },
  );
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
