import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { enclos, temporaryFolder } from '../../cli.ts';
import { ask, endSandbox, startSandbox } from './sandbox.ts';

/** An application for members. */
function folderForMembers(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'src'));
  const who = {
    js_module: 'app.js',
    js_function: 'who',
    authn_policies: ['member_cert'],
    forwarding_required: 'never',
    mode: 'readonly',
  };
  writeFileSync(join(folder, 'app.json'), JSON.stringify({ endpoints: { '/who': { get: who } } }));
  writeFileSync(join(folder, 'src/app.js'), 'export const who = ({ caller }) => ({ body: caller.policy });');
  return folder;
}

describe('the parties of a sandbox', () => {
  test('are as many as the command is asked for', async () => {
    const folder = folderForMembers();
    const { cli, url } = await startSandbox(folder, '--initial-user-count', '2', '--initial-member-count', '3');
    const common = join(folder, 'sandbox_common');
    const who = async (name: string): Promise<string> => {
      const [cert, key] = ['cert', 'privk'].map((kind) => readFileSync(join(common, `${name}_${kind}.pem`)));
      const { status, text } = await ask(url, folder, '/app/who', { cert, key });
      return `${status} ${status === 200 ? text : ''}`;
    };
    for (const name of ['member0', 'member2']) assert.equal(await who(name), '200 member_cert');
    for (const name of ['user0', 'user1']) assert.equal(await who(name), '401 ');
    await endSandbox(cli);
    const files = readdirSync(common);
    assert.equal(files.filter((name) => /^user[01]_(?:cert|privk)\.pem$/.test(name)).length, 4);
    assert.equal(files.filter((name) => /^member[012]_(?:cert|privk|enc_pubk|enc_privk)\.pem$/.test(name)).length, 12);
    assert.equal(files.length, 4 + 12 + 2, files.join(', '));
  });

  test('are at least one of each, and bounded', async () => {
    for (const [option, value] of [
      ['--initial-user-count', '0'],
      ['--initial-member-count', '65'],
      ['--initial-user-count', 'two'],
    ] as const) {
      const { code, stderr } = await enclos(['consortium', 'dev', '.', option, value]);
      assert.notEqual(code, 0);
      assert.match(stderr, new RegExp(`${option} is a number from 1 to 64, not "${value}"`));
    }
  });
});
