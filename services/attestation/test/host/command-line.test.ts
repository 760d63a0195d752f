import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exitCodeOf, helpText } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';
import { parseCommandLine } from '../../src/host/command-line.ts';
import { hostCommand, program } from '../../src/host/host-command.ts';

describe('the command line of the host', () => {
  test('has a default for everything', () => {
    assert.deepEqual(parseCommandLine([]), {
      configuration: 'attestation.json',
      development: false,
      store: 'attestation-store',
      listen: { host: '127.0.0.1', port: 8443 },
      admin: { host: '127.0.0.1', port: 8081 },
      identityProvider: undefined,
      collateral: ['pcs', 'kds'],
      collateralCache: undefined,
      certificate: 'attestation.pem',
      audit: 'attestation-audit.log',
    });
  });

  test('names sources of collateral, in their order', () => {
    const options = parseCommandLine(['--collateral', 'azure', '--collateral', 'https://pccs.example/']);
    assert.deepEqual(options?.collateral, ['azure', new URL('https://pccs.example/')]);
  });

  test('has a help that names each exit code that an error can give', () => {
    const help = helpText(program, hostCommand);
    for (const code of ['CODEC_INVALID', 'EVIDENCE_REFUSED', 'APPRAISAL_REFUSED', 'ENCLAVE_LOST'] as const) {
      assert.match(help, new RegExp(`\\n {2}${exitCodeOf(new EnclosError(code))} {2}\\w`), code);
    }
  });

  test('may ask for help instead', () => {
    for (const word of ['--help', '-h']) assert.equal(parseCommandLine(['--development', word]), undefined);
  });

  const refused: readonly (readonly [why: RegExp, ...argv: string[]])[] = [
    [/^There is no option --stor\. Did you mean --store\?$/, '--stor', 's'],
    [/takes only options/, 's'],
    [/^--listen is HOST:PORT, not "8443"\.$/, '--listen', '8443'],
    [/^--admin is HOST:PORT/, '--admin', '::1:8081'],
    [/^--identity-provider is HOST:PORT/, '--identity-provider', 'login:65536'],
    [/^--collateral is pcs, azure/, '--collateral', 'intel'],
    [/given more than once/, '--store', 'a', '--store', 'b'],
    [/takes no value/, '--development=yes'],
  ];
  for (const [why, ...argv] of refused) {
    test(`is refused: ${argv.join(' ')}`, () => {
      assert.throws(() => parseCommandLine(argv), { code: 'ATTESTATION_USAGE', message: why });
    });
  }
});
