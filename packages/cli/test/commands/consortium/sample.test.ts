import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { quickJsTest } from '@enclos/testkit';
import { enclos, repository, temporaryFolder } from '../../cli.ts';
import { ask, endSandbox, startSandbox } from './sandbox.ts';

const sample = join(repository, 'samples/consortium');
const transactionId = 'x-ms-ccf-transaction-id';

/** The sample where nothing is written into the repository, and its package is found. */
function copyOfSample(): string {
  const folder = join(temporaryFolder(), 'app');
  mkdirSync(folder);
  for (const name of ['app.json', 'src']) cpSync(join(sample, name), join(folder, name), { recursive: true });
  const installed = dirname(createRequire(join(sample, 'package.json')).resolve('@microsoft/ccf-app/package.json'));
  cpSync(installed, join(folder, 'node_modules/@microsoft/ccf-app'), { recursive: true });
  return folder;
}

async function records(engine: string): Promise<void> {
  const folder = copyOfSample();
  const { cli, url } = await startSandbox(folder, '--engine', engine);
  const put = await ask(url, folder, '/app/records/a%20b', { method: 'PUT', body: 'I owe you ten' });
  assert.equal(put.status, 204, put.text);
  const id = String(put.headers[transactionId]);
  // The answer waited for the commit.
  assert.match((await ask(url, folder, `/app/tx?transaction_id=${id}`)).text, /"status":"Committed"/);
  assert.equal((await ask(url, folder, '/app/records/a%20b')).text, 'I owe you ten');
  assert.equal((await ask(url, folder, '/app/records')).text, '["a b"]');
  assert.equal((await ask(url, folder, '/app/records/none')).status, 404);
  const proof = await ask(url, folder, '/app/proof', { headers: { [transactionId]: id } });
  assert.match(proof.text, /"is_signature_transaction":false/);
  const receipt = join(folder, 'receipt.json');
  writeFileSync(receipt, (await ask(url, folder, `/app/receipt?transaction_id=${id}`)).text);
  const certificate = join(folder, 'sandbox_common/service_cert.pem');
  const verify = (claims: string): ReturnType<typeof enclos> =>
    enclos(['ledger', 'verify', receipt, '--service-certificate', certificate, '--claims-digest', claims]);
  const proven = await verify(hash('sha256', 'I owe you ten', 'hex'));
  assert.equal(proven.code, 0, proven.stderr);
  assert.notEqual((await verify(hash('sha256', 'I owe you nine', 'hex'))).code, 0);
  await endSandbox(cli);
}

describe('the sample of an application', () => {
  test('records texts on V8, with receipts that prove them', () => records('v8'));
  quickJsTest('does the same on QuickJS', () => records('quickjs'));
});

describe('a bundle of ccf-build-bundle', () => {
  test('is served as it is', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'src/deep'), { recursive: true });
    writeFileSync(
      join(folder, 'src/app.js'),
      "import { text } from './deep/text.js';\nexport const f = () => ({ body: text });\n",
    );
    writeFileSync(join(folder, 'src/deep/text.js'), "export const text = 'from a bundle';\n");
    const endpoint = {
      js_module: 'app.js',
      js_function: 'f',
      authn_policies: ['no_auth'],
      forwarding_required: 'never',
    };
    writeFileSync(
      join(folder, 'app.json'),
      JSON.stringify({ endpoints: { '/f': { get: { ...endpoint, mode: 'readonly' } } } }),
    );
    const found = createRequire(join(sample, 'package.json')).resolve('@microsoft/ccf-app/package.json');
    const { bin } = JSON.parse(readFileSync(found, 'utf8')) as { bin: Record<string, string> };
    const program = join(dirname(found), bin['ccf-build-bundle'] ?? '');
    execFileSync(process.execPath, [program, folder], { stdio: 'pipe' });
    const { cli, url } = await startSandbox(join(folder, 'bundle.json'));
    assert.equal((await ask(url, folder, '/app/f')).text, 'from a bundle');
    await endSandbox(cli);
    // The folder that it was made of gives the same.
    const again = await startSandbox(folder);
    assert.equal((await ask(again.url, folder, '/app/f')).text, 'from a bundle');
    await endSandbox(again.cli);
  });
});
