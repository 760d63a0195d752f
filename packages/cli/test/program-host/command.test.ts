import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCall } from '@enclos/command-line';
import { isEnclosError } from '@enclos/errors';
import { entries, program, type ProgramPlaces } from '../../src/program-host/command.ts';

async function placesOf(...words: readonly string[]): Promise<ProgramPlaces | undefined> {
  const call = await readCall(program, entries, words);
  if (call.kind === 'help') return undefined;
  let found: ProgramPlaces | undefined;
  const { exitCode } = await call.command.execute(call.input, {
    run: async (places) => {
      found = places;
      return 7;
    },
  });
  assert.equal(exitCode, 7);
  return found;
}

describe('the words of the host of a program', () => {
  test('say where folders, files and connections are', async () => {
    const places = await placesOf(
      '--mount=/data=./state',
      '--mount=/more=/srv/a=b',
      '--file=/model=model.bin',
      '--listen=https=8443',
      '--listen=admin=127.0.0.1:0',
      '--listen=six=[::1]:9',
      '--listen=local=/run/a.sock',
      '--connect=db=db.example:5432',
    );
    assert.deepEqual(places, {
      mounts: { '/data': './state', '/more': '/srv/a=b' },
      trustedFiles: { '/model': 'model.bin' },
      listen: {
        https: { port: 8443 },
        admin: { host: '127.0.0.1', port: 0 },
        six: { host: '::1', port: 9 },
        local: { path: '/run/a.sock' },
      },
      connect: { db: { host: 'db.example', port: 5432 } },
    });
    assert.deepEqual(await placesOf(), { mounts: {}, trustedFiles: {}, listen: {}, connect: {} });
    assert.equal(await placesOf('--help'), undefined);
  });

  for (const [what, words] of Object.entries({
    'an unknown word': ['--port', '1'],
    'a word of the program': ['serve'],
    'no place': ['--mount', '/data'],
    'an empty place': ['--mount=/data='],
    'no name': ['--mount==x'],
    'one name twice': ['--mount=/a=b', '--mount=/a=c'],
    'a port that is none': ['--listen=a=x'],
    'a port that is too large': ['--listen=a=65536'],
    'an empty host': ['--listen=a=:1'],
    'a destination without a host': ['--connect=a=1'],
    'a destination with the port 0': ['--connect=a=h:0'],
  })) {
    test(`with ${what} are refused`, async () => {
      await assert.rejects(placesOf(...words), (error) => isEnclosError(error, 'CLI_USAGE'));
    });
  }
});
