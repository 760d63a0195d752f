import { mkdirSync, writeFileSync } from 'node:fs';
import { fromEnvironment, superviseEnclave } from '@enclos/host';
import { app } from './greeter-app.edl.ts';

const [challengeHex] = process.argv.slice(2);
const challenge =
  challengeHex === undefined
    ? crypto.getRandomValues(new Uint8Array(32))
    : new Uint8Array(Buffer.from(challengeHex, 'hex'));

mkdirSync('data/out', { recursive: true });
const environment = await fromEnvironment();
const endorsements = await environment.launcher.endorsements();
const enclave = await superviseEnclave({
  ...environment,
  interface: app,
  untrusted: {},
  mounts: { '/in': 'data/in', '/out': 'data/out' },
  onLog: (_level, text) => console.error(`enclave: ${text}`),
});
try {
  // May be done twice: it reads the same files, and replaces what it wrote. So it is done again if the enclave is lost meanwhile.
  const { files, result, evidence } = await enclave.repeat((call) => call.run({ challenge }));
  const proof = {
    challenge: Buffer.from(challenge).toString('hex'),
    quote: Buffer.from(evidence).toString('hex'),
    endorsements,
  };
  writeFileSync('data/out/proof.json', JSON.stringify(proof));
  console.log(`${files} files\n${result}\nproof in data/out/proof.json`);
} finally {
  await enclave.dispose();
  await environment.launcher.close();
}
