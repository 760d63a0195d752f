import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { quickJsTest } from '@enclos/testkit';
import { enclos, temporaryFolder } from '../../cli.ts';
import { ask, endSandbox, startSandbox } from './sandbox.ts';

const endpoint = (policy: unknown): object => ({
  get: {
    js_module: 'app.js',
    js_function: 'who',
    authn_policies: [policy],
    forwarding_required: 'never',
    mode: 'readonly',
  },
});

/** An application whose endpoints want tokens; the first is the one that a line for curl shows. */
function folderOf(first: unknown = 'jwt'): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'src'));
  const endpoints = { '/who': endpoint(first), '/both': endpoint({ all_of: ['user_cert', 'jwt'] }) };
  writeFileSync(join(folder, 'app.json'), JSON.stringify({ endpoints }));
  const source = "export const who = ({ caller }) => ({ body: caller.jwt ?? caller['jwt'].jwt });";
  writeFileSync(join(folder, 'src/app.js'), source);
  return folder;
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` }, cert: undefined, key: undefined });

async function issues(engine: string): Promise<void> {
  const folder = folderOf();
  const claims = '{"sub":"me","roles":["reader"]}';
  const { cli, url } = await startSandbox(folder, '--engine', engine, '--jwt-claims', claims);
  const token = readFileSync(join(folder, 'sandbox_common/jwt_token'), 'utf8');
  const accepted = await ask(url, folder, '/app/who', bearer(token));
  assert.equal(accepted.status, 200, accepted.text);
  const { payload, keyIssuer } = JSON.parse(accepted.text) as { payload: Record<string, unknown>; keyIssuer: string };
  assert.deepEqual([payload['sub'], payload['roles'], keyIssuer], ['me', ['reader'], 'https://issuer.example']);
  assert.equal((await ask(url, folder, '/app/both', bearer(token))).status, 401);
  assert.equal((await ask(url, folder, '/app/both', { headers: bearer(token).headers })).status, 200);
  const forged = `${token.slice(0, -6)}AAAAAA`;
  assert.match((await ask(url, folder, '/app/who', bearer(forged))).text, /Signature verification failed/);
  // With the key, a developer makes more tokens.
  const [header = ''] = token.split('.');
  const body = Buffer.from(JSON.stringify({ iss: 'anyone', exp: Math.floor(Date.now() / 1000) + 9 })).toString(
    'base64url',
  );
  const privateKey = readFileSync(join(folder, 'sandbox_common/jwt_issuer_privk.pem'));
  const signature = sign('sha256', Buffer.from(`${header}.${body}`), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const own = `${header}.${body}.${signature.toString('base64url')}`;
  assert.equal((await ask(url, folder, '/app/who', bearer(own))).status, 200);
  const [, line = ''] = await cli.until(/Try: (curl .*)\n/);
  assert.match(line, /-H "authorization: Bearer \$\(cat .*jwt_token\)" https:\S+\/app\/who$/);
  assert.doesNotMatch(line, /--cert /);
  await endSandbox(cli);
}

describe('a sandbox for an application with tokens', () => {
  test('makes an issuer and a token of it (v8)', () => issues('v8'));
  quickJsTest('makes an issuer and a token of it (quickjs)', () => issues('quickjs'));

  test('accepts the tokens of issuers from files', async () => {
    const folder = folderOf({ all_of: ['jwt', 'member_cert'] });
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwks = { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k' }] };
    const file = join(folder, 'issuer.json');
    writeFileSync(file, JSON.stringify({ issuer: 'https://idp.example', jwks }));
    const { cli, url } = await startSandbox(folder, '--jwt-issuer', file, '--jwt-claims', '{}');
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: 'https://idp.example', exp: Math.floor(Date.now() / 1000) + 60 };
    const input = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}`;
    const token = `${input}.${sign('sha256', Buffer.from(input), pair.privateKey).toString('base64url')}`;
    const answer = await ask(url, folder, '/app/both', { headers: bearer(token).headers });
    assert.match(answer.text, /"keyIssuer":"https:\/\/idp\.example"/);
    await cli.until(/--cert \S*member0_cert\.pem --key \S*member0_privk\.pem -H "authorization: .*\/app\/who\n/);
    await endSandbox(cli);
    // The files of CCF's sandbox, with what only we have.
    const common = join(folder, 'sandbox_common');
    assert.deepEqual(readdirSync(common).toSorted(), [
      'jwt_issuer_privk.pem',
      'jwt_token',
      'ledger_secret',
      'member0_cert.pem',
      'member0_enc_privk.pem',
      'member0_enc_pubk.pem',
      'member0_privk.pem',
      'service_cert.pem',
      'user0_cert.pem',
      'user0_privk.pem',
    ]);
    const pem = (name: string): string => readFileSync(join(common, name), 'utf8');
    const derived = createPublicKey(pem('member0_enc_privk.pem')).export({ type: 'spki', format: 'pem' });
    assert.equal(derived, pem('member0_enc_pubk.pem'));
    for (const name of readdirSync(common)) {
      const isPublic = /_(?:cert|pubk)\.pem$/.test(name);
      assert.equal(statSync(join(common, name)).mode & 0o777, isPublic ? 0o644 : 0o600, name);
    }
  });

  for (const [what, options, reason] of [
    ['claims that are no JSON', ['--jwt-claims', 'sub=me'], /--jwt-claims is JSON/],
    ['claims that are no object', ['--jwt-claims', '[]'], /--jwt-claims is an object/],
    ['an issuer without a name', ['--jwt-claims', '{"iss":7}'], /"iss" is a text/],
    ['a key set in place of an issuer', ['--jwt-issuer', 'jwks.json'], /jwks\.json: .*\n\s+issuer: is missing/],
    ['a key without a name', ['--jwt-issuer', 'unnamed.json'], /TOKEN_ISSUER_INVALID: .*\n\s+Missing kid/],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const folder = folderOf();
      writeFileSync(join(folder, 'jwks.json'), '{"keys":[]}');
      writeFileSync(join(folder, 'unnamed.json'), '{"issuer":"x","jwks":{"keys":[{"kty":"RSA"}]}}');
      const { code, stderr } = await enclos(['consortium', 'dev', '.', '--listen', '127.0.0.1:0', ...options], {
        cwd: folder,
      });
      assert.notEqual(code, 0);
      assert.match(stderr, reason);
    });
  }

  test('prints a line that works in a shell', async () => {
    const folder = folderOf();
    const { cli } = await startSandbox(folder, '--jwt-claims', '{"sub":"it is me"}');
    const [, line = ''] = await cli.until(/Try: (curl .*)\n/);
    // The same words as a shell makes of them, without curl.
    const words = execFileSync('sh', ['-c', line.replace(/^curl/, String.raw`printf '%s\n'`)], { encoding: 'utf8' });
    assert.match(words, /\nauthorization: Bearer [\w-]+\.[\w-]+\.[\w-]+\nhttps:/);
    await endSandbox(cli);
  });
});
