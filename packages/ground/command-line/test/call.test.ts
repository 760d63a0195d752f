import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPrinter, readCall } from '../src/index.ts';
import { clock, entries, single, UsageError } from './clock.ts';

async function helpOf(argv: readonly string[], commands = entries): Promise<string> {
  const call = await readCall(clock, commands, argv);
  assert.ok(call.kind === 'help');
  let shown = '';
  call.show(createPrinter({ color: false, write: (text) => void (shown += text) }));
  return shown;
}

async function inputOf(argv: readonly string[], commands = entries) {
  const call = await readCall(clock, commands, argv);
  assert.ok(call.kind === 'command');
  return call.input;
}

describe('a command line', () => {
  test('gives a command its values and its defaults', async () => {
    const { options, arguments: words } = await inputOf(['show', '--label', 'a', 'local', '--label=b', '--seconds']);
    assert.deepEqual({ ...options }, { format: 'short', label: ['a', 'b'], seconds: true });
    assert.deepEqual({ ...words }, { zone: 'local' });
    assert.deepEqual({ ...(await inputOf(['alarm', 'set', '--time=-1'])).options }, { time: '-1' });
  });

  test('takes the value of an option with a letter right after the letter', async () => {
    const { options } = await inputOf(['show', '-Lno-x', '-LA=1', '--label', 'b', '-L', 'c']);
    assert.deepEqual(options['label'], ['no-x', 'A=1', 'b', 'c']);
    assert.match(await helpOf(['help', 'show']), /\n {2}-L, --label TEXT +A label \(repeatable\)\n/);
    await assert.rejects(inputOf(['show', '-L']), /-L needs a value: -L TEXT\./);
    await assert.rejects(inputOf(['show', '-Xa']), /There is no option -X\./);
  });

  test('gives the last argument of a command every word that is left before "--"', async () => {
    const { arguments: words, rest } = await inputOf(['ring', 'bell', '12:00', '18:00', '--', 'up', '--now']);
    assert.deepEqual({ ...words }, { tune: 'bell', times: ['12:00', '18:00'] });
    assert.deepEqual(rest, ['up', '--now']);
    assert.deepEqual({ ...(await inputOf(['ring', 'bell'])).arguments }, { tune: 'bell', times: [] });
    await assert.rejects(inputOf(['ring']), /TUNE is missing/);
    assert.deepEqual({ ...(await inputOf(['wake', 'ada', 'bob'])).arguments }, { names: ['ada', 'bob'] });
    assert.match(await helpOf(['help', 'ring']), /\n\nUsage: clock ring TUNE \[TIME\.\.\.\] \[-- WORDS\]\n/);
  });

  test('asks for the help of the program, of a group or of a command', async () => {
    for (const argv of [[], ['help'], ['--help'], ['-h']]) assert.match(await helpOf(argv), /^Says what time it is\./);
    for (const argv of [
      ['help', 'alarm'],
      ['alarm', '--help'],
    ]) {
      assert.match(await helpOf(argv), /^Usage: clock alarm COMMAND/);
    }
    for (const argv of [
      ['help', 'alarm', 'set'],
      ['alarm', 'set', '--help', 'more'],
    ]) {
      assert.match(await helpOf(argv), /^Set the alarm\.\n\nUsage: clock alarm set --time TIME\n/);
    }
  });

  test('asks for the version of a program that has one', async () => {
    const versioned = { ...clock, version: () => Promise.resolve('1.2.3') };
    for (const word of ['--version', '-v']) {
      const call = await readCall(versioned, entries, [word]);
      assert.ok(call.kind === 'help');
      let shown = '';
      call.show(createPrinter({ color: false, write: (text) => void (shown += text) }));
      assert.equal(shown, '1.2.3\n');
      await assert.rejects(readCall(clock, entries, [word]), UsageError);
    }
    assert.doesNotMatch(await helpOf([]), /--version/);
  });

  test('of a program that is one command needs no word', async () => {
    assert.deepEqual({ ...(await inputOf(['--time', '12:00'], single)).options }, { time: '12:00' });
    for (const argv of [['help'], ['--help'], ['-h']]) {
      assert.match(await helpOf(argv, single), /^Set the time\.\n\nUsage: clock --time TIME\n/);
    }
  });
});

const refused: readonly (readonly [argv: readonly string[], message: string])[] = [
  [['shwo'], 'There is no command "shwo". Did you mean "show"?'],
  [['--seconds'], '--seconds is not an option of clock itself.'],
  [['help', 'alrm'], 'There is no command "alrm". Did you mean "alarm"?'],
  [['alarm'], 'alarm needs a command: set.'],
  [['show', '--formt', 'long'], 'There is no option --formt. Did you mean --format?'],
  [['show', '--__proto__', 'x'], 'There is no option --__proto__.'],
  [['show', '--format'], '--format needs a value: --format FORMAT.'],
  [['show', '--format', 'wide'], '--format is one of short, long, not "wide".'],
  [['show', '--format', 'long', '--format', 'long'], '--format is given more than once.'],
  [['show', '--seconds=1'], '--seconds takes no value.'],
  [['show', 'mars'], 'ZONE is one of utc, local, not "mars".'],
  [['show', 'utc', 'local'], 'Unexpected argument: "local".'],
  [['show', '--', 'x'], 'This command takes no arguments after --.'],
  [['alarm', 'set'], '--time TIME is missing.'],
  [['wake'], 'NAME is missing: whom.'],
];

describe('a command line that is wrong', () => {
  for (const [argv, message] of refused) {
    test(`is refused: clock ${argv.join(' ')}`, async () => {
      await assert.rejects(readCall(clock, entries, argv), (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.equal(error.message, message);
        assert.match(error.usage ?? '', /^clock /);
        return true;
      });
    });
  }

  test('is refused without the words of a value that stands in a wrong place', async () => {
    for (const argv of [
      ['--time', '12:00', 'hunter2'],
      ['--time', '-hunter2'],
      ['--time', '--hunter2'],
      ['--tiem=hunter2'],
    ]) {
      await assert.rejects(readCall(clock, single, argv), (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.doesNotMatch(`${error.message} ${error.usage}`, /hunter2/);
        return true;
      });
    }
  });

  test('names an option that stands in the place of a value', async () => {
    const message =
      '--format needs a value, and --json looks like an option. If it is the value, write --format=--json.';
    await assert.rejects(readCall(clock, entries, ['show', '--format', '--json']), { message });
  });
});
