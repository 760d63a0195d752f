import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { enclos, temporaryFolder } from './cli.ts';

const folder = temporaryFolder();
const at = (path: string): string => join(folder, path);
mkdirSync(at('here'));
writeFileSync(at('notes.txt'), 'Not evidence.\n');
const zeros = '00'.repeat(32);

/** Each: a command line, its exit code, and the first line of its error. */
const cases: readonly (readonly [argv: string, code: number, line: string])[] = [
  [
    'keygen absent/key.pem',
    1,
    `✖ CLI_SYSTEM_REFUSED: Cannot write ${at('absent/key.pem')}: there is no folder ${at('absent')}.`,
  ],
  [
    'keygen notes.txt/key.pem',
    1,
    `✖ CLI_SYSTEM_REFUSED: Cannot write ${at('notes.txt/key.pem')}: ${at('notes.txt')} is not a folder.`,
  ],
  [
    `policy init --mrenclave ${zeros} --out absent/policy.json`,
    1,
    `✖ CLI_SYSTEM_REFUSED: Cannot write ${at('absent/policy.json')}: there is no folder ${at('absent')}.`,
  ],
  [
    'deploy',
    2,
    `✖ CLI_FILE_UNREADABLE: There is no ${at('deploy.json')}, and no enclave.json of Enclos beside it to make one from. Give an image with --image-layout, name the folder of your enclave, or write the file (docs/reference/deploy-json.md describes it).`,
  ],
  [
    'deploy absent',
    2,
    `✖ CLI_FILE_UNREADABLE: There is no ${at('absent')}, and no enclave.json of Enclos beside it to make one from. Give an image with --image-layout, name the folder of your enclave, or write the file (docs/reference/deploy-json.md describes it).`,
  ],
  [
    'image build --base debain',
    2,
    `✖ CLI_USAGE: --base is node, debian or a path, and there is nothing at ${at('debain')}.`,
  ],
  ['platform audit verify here', 2, `✖ CLI_FILE_UNREADABLE: ${at('here')} is a folder, not an audit log.`],
  ['platform audit show here', 2, `✖ CLI_FILE_UNREADABLE: ${at('here')} is a folder, not an audit log.`],
  ['verify notes.txt', 3, '✖ EVIDENCE_REFUSED: This is text, and no quote or report is in it.'],
  ['verify absent.bin', 2, `✖ CLI_FILE_UNREADABLE: Cannot read ${at('absent.bin')}: there is no such file.`],
];

describe('a path that leads nowhere is named, with what to do', () => {
  for (const [argv, code, line] of cases) {
    test(`enclos ${argv.replace(zeros, 'HEX')}`, async () => {
      const ran = await enclos(argv.split(' '), { cwd: folder });
      const [first, ...others] = ran.stderr.trimEnd().split('\n');
      assert.deepEqual([ran.code, first, ran.stdout], [code, line, '']);
      assert.match(others.at(-1) ?? '', /^ {2}next: /);
      assert.doesNotMatch(ran.stderr, /ENOENT|EISDIR|\n {4}at /);
    });
  }

  test('and nothing is made on the way', () => {
    assert.ok(!existsSync(at('absent')));
  });
});

test('what the system refuses is said in words, with its code', async () => {
  const ran = await enclos(['new', 'notes.txt/greeter'], { cwd: folder });
  assert.equal(ran.code, 1);
  assert.match(
    ran.stderr,
    /^✖ CLI_SYSTEM_REFUSED: Cannot list the folder .*: part of the path is not a folder \(ENOTDIR\)\.\n/,
  );
});
