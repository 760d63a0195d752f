// Plays a stranger: another user with an empty home, who has only a registry and the documents. Each step prints its time.
// Run `npm run build` before.
//
//   node tools/stranger.mjs
//
// The service is of the template atls-service. Its enclave gets a package that its author chose (zod), its tests run, and
// curl calls it through a proxy that has verified its evidence. At the end there is an image of it.
import { join } from 'node:path';
import { seconds, totalsLine } from './lib/run.mjs';
import { withRegistry } from './registry/registry.mjs';
import { anotherUser, emptyHome, installFrom } from './registry/stranger.mjs';

/** What the author changes: the choices are checked by zod, inside the enclave. */
const edit = [
  `sed -i "1i import { z } from 'zod';" src/ballot.enclave.ts`,
  `sed -i "s/^const choices = .*/const choices = ['tea', 'coffee'];\\nconst Choice = z.enum(['tea', 'coffee']);/" src/ballot.enclave.ts`,
  `sed -i 's/!choices.includes(choice)/!Choice.safeParse(choice).success/' src/ballot.enclave.ts`,
  `grep -c Choice src/ballot.enclave.ts`,
].join('\n');

/** The enclave runs, a policy is made of its evidence and compared with the sources, and curl asks by way of the proxy. */
const call = `
until_said() { until grep -q "$1" "$2" || ! kill -0 $!; do sleep 0.2; done; grep -q "$1" "$2" || { cat "$2"; exit 1; }; }
free_port() { node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
port=$(free_port)
trap 'kill $(jobs -p); wait' EXIT
PORT=$port npx --no -- enclos run --isolation best > service.log 2>&1 &
until_said "^127.0.0.1:$port, enclave" service.log
npx --no -- enclos policy init --from localhost:$port --single-user --out policy.json
grep -q "$(sha256sum .enclos/ballot.sgxs | cut -d ' ' -f 1)" policy.json
proxy=$(free_port)
npx --no -- enclos proxy localhost:$port --policy policy.json --listen 127.0.0.1:$proxy > proxy.log 2>&1 &
until_said listening proxy.log
curl --silent --fail --data tea http://127.0.0.1:$proxy/vote
curl --silent --data water http://127.0.0.1:$proxy/vote
curl --silent --fail http://127.0.0.1:$proxy/result
cat proxy.log
`;

const image = `
npx --no -- enclos keygen signing.key.pem
npx --no -- enclos build
npx --no -- enclos sign --key signing.key.pem
npx --no -- enclos image build --tag 1
`;

const steps = [
  ['own dependency', 'npm install --ignore-scripts zod@4.6.7 && npm ls zod'],
  ['edit', edit],
  ['types', 'npm run types'],
  ['test', 'npm test'],
  ['call', call, ['counted', 'Choose tea or coffee', '{"tea":1}', 'accepted: fresh evidence of sgx']],
  ['image', image, ['built ballot']],
];

const totals = { passed: 0, failed: 0 };

function tell(name, took, problem) {
  totals[problem === undefined ? 'passed' : 'failed'] += 1;
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name} (${seconds(took)})`);
  if (problem !== undefined) console.log(problem.replaceAll(/^/gm, '  '));
  return problem === undefined;
}

function problemOf({ code, output }, expected = []) {
  const missing = expected.find((text) => !output.includes(text));
  if (code !== 0) return `exit code ${code}\n${output}`;
  return missing === undefined ? undefined : `does not say "${missing}"\n${output}`;
}

const started = performance.now();
const since = (from) => (performance.now() - from) / 1000;

await withRegistry(async ({ url }) => {
  tell('registry', since(started));
  await emptyHome({ url, user: anotherUser() }, async ({ home, shell }) => {
    const created = await shell('npm create --yes enclos ballot -- --template atls-service');
    if (!tell('npm create', created.seconds, problemOf(created, ['made ballot']))) return;
    const cwd = join(home, 'ballot');
    const before = performance.now();
    await installFrom(shell, { manager: 'npm', cwd });
    tell('npm install', since(before));
    for (const [name, commands, expected] of steps) {
      const ran = await shell(commands, { cwd });
      if (!tell(name, ran.seconds, problemOf(ran, expected))) return;
    }
  });
});
console.log(`in all ${seconds(since(started))}`);
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
