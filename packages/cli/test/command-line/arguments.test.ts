import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enclos, errorOf } from '../cli.ts';

/** Each line of a usage error: what was typed, and what is said about it. */
const refusals: readonly (readonly [argv: readonly string[], message: string])[] = [
  [['biuld'], 'There is no command "biuld". Did you mean "build"?'],
  [['frobnicate'], 'There is no command "frobnicate".'],
  [['--frobnicate'], '--frobnicate is not an option of enclos itself.'],
  [['platform'], 'platform needs a command: init, enrol, show, serve, audit, publish, publish-tcb, set-cpusvn.'],
  [
    ['platform', '--json'],
    'platform needs a command: init, enrol, show, serve, audit, publish, publish-tcb, set-cpusvn.',
  ],
  [['platform', 'audit'], 'platform audit needs a command: verify, show.'],
  [['platform', 'audit', 'verfy'], 'There is no command "platform audit verfy". Did you mean "platform audit verify"?'],
  [['platform', 'shwo'], 'There is no command "platform shwo". Did you mean "platform show"?'],
  [['help', 'mesure'], 'There is no command "mesure". Did you mean "measure"?'],
  [['help', 'platform', 'innit'], 'There is no command "platform innit". Did you mean "platform init"?'],
  [['build', '--uot', 'x'], 'There is no option --uot. Did you mean --out?'],
  [['build', '-o', 'x'], 'There is no option -o.'],
  [['build', '--__proto__', 'x'], 'There is no option --__proto__.'],
  [['build', '--out'], '--out needs a value: --out DIR.'],
  [
    ['build', '--out', '--json'],
    '--out needs a value, and --json looks like an option. If it is the value, write --out=--json.',
  ],
  [['build', '--out', 'a', '--out', 'b'], '--out is given more than once.'],
  [['build', '--json=yes'], '--json takes no value.'],
  [['build', 'a', 'b'], 'Unexpected argument: "b".'],
  [['build', '--', 'a'], 'This command takes no arguments after --.'],
  [['run', '--isolation', 'weak'], '--isolation is one of strict, best, not "weak".'],
  [['measure'], 'FILE is missing: the image; - reads standard input.'],
  [
    ['verify'],
    'EVIDENCE is missing: a file with a quote in it, - for standard input, or the https address of an attested server.',
  ],
  [['completions', 'csh'], 'SHELL is one of bash, zsh, fish, not "csh".'],
  [['debug', '--port', 'x'], '--port is a port from 0 to 65535, not "x".'],
  [['sign', 'x'], 'Give one of --key FILE, --prepare, or --attach FILE.'],
  [['sign', '--key', 'k', '--date', '2026-02-30'], '--date is a day such as 2026-01-31, not "2026-02-30".'],
  [
    ['verify', 'q', '--collateral', 'c', '--source', 'pcs'],
    '--source is for fetching: do not combine it with --collateral.',
  ],
  [
    ['verify', 'q', '--collateral', 'c', '--offline'],
    '--offline is for fetching: do not combine it with --collateral.',
  ],
  [['verify', 'q', '--refresh', '--offline'], 'Give either --refresh or --offline.'],
  [['verify', 'q', '--update', 'early', '--evaluation-number', '20'], 'Give either --update or --evaluation-number.'],
  [['verify', 'http://127.0.0.1/'], 'A server is named by an https address, not "http://127.0.0.1/".'],
  [
    ['verify', 'q', '--collateral', 'c', '--intel-root', '--at', 'noon'],
    '--at is a time such as 2026-01-31T12:00:00Z, or a day, not "noon".',
  ],
  ...['2026-02-30', '2026-02-30T12:00:00Z', '2026-01-31 (late)', '2026-01-31T12:00:00Z later', '2026-01'].map(
    (time): readonly [readonly string[], string] => [
      ['verify', 'q', '--collateral', 'c', '--intel-root', '--at', time],
      `--at is a time such as 2026-01-31T12:00:00Z, or a day, not "${time}".`,
    ],
  ),
  [['verify', 'q', '--collateral', 'c', '--software-root', 'ff'], '--software-root is 32 bytes in hex (64 digits).'],
  [
    ['verify', 'q', '--collateral', 'c', '--intel-root', '--nonce', '00'],
    '--nonce needs --policy: without a policy nothing is appraised.',
  ],
  [
    ['verify', 'q', '--collateral', 'c', '--intel-root', '--policy', 'p', '--unbound', 'why', '--nonce', '00'],
    '--policy needs one binding: --report-data HEX, or --purpose TEXT --nonce HEX [--key HEX], or --unbound REASON; for a vTPM --nonce HEX alone will do.',
  ],
  [['platform', 'set-cpusvn', '00'], 'The CPUSVN is 16 bytes in hex (32 digits).'],
  [['platform', 'set-cpusvn', '00'.repeat(16), '--pcesvn', '65536'], '--pcesvn is a number from 0 to 65535.'],
  [['platform', 'serve', '--listen', '8081'], '--listen is HOST:PORT, such as 127.0.0.1:8081, not "8081".'],
  [
    ['platform', 'enrol', '--vendor', 'v'],
    'These options do not go together. One of: --vendor --machine [--reprovision] [--allow-separated]; --machine --request-out; --vendor --request --issue-out [--allow-separated]; --machine --install [--root-fingerprint] [--reprovision].',
  ],
];

for (const [argv, message] of refusals) {
  test(`enclos ${argv.join(' ')} is a usage error`, async () => {
    const ran = await enclos(argv);
    assert.equal(ran.code, 2);
    const json = argv.some((word) => word === '--json');
    if (json) {
      assert.equal(errorOf(ran).code, 'CLI_USAGE');
      assert.equal(errorOf(ran).message, message);
      assert.equal(ran.stderr, '');
    } else {
      assert.equal(ran.stdout, '');
      assert.equal(ran.stderr.split('\n')[0], `✖ CLI_USAGE: ${message}`);
      assert.ok(ran.stderr.split('\n').length <= 4, 'a usage error is short');
    }
  });
}

test('a usage error shows the usage line of its command, and where the help is', async () => {
  const { stderr } = await enclos(['build', '--uot', 'x']);
  assert.equal(
    stderr,
    `✖ CLI_USAGE: There is no option --uot. Did you mean --out?
  usage: enclos build [FOLDER] [--relayed] [--out DIR] [--json]
  next: Run \`enclos help\` for the commands, or \`enclos help COMMAND\` for one of them.
`,
  );
});

test('--json makes an error of the command line JSON too, but not what is after --', async () => {
  const ran = await enclos(['build', '--bad', '--json']);
  assert.equal(errorOf(ran).details['usage'], 'enclos build [FOLDER] [--relayed] [--out DIR] [--json]');
  assert.equal((await enclos(['run', '--bad', '--', '--json'])).stdout, '');
});
