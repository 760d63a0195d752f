import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { azureTdxScenario } from '@enclos/evidence-kit';
import { enclos, errorOf } from '../../cli.ts';
import { folder, machineOn, policyIn, policyOf, put, stepsIn, verify, type Machine } from './azure-machine.ts';

describe('a policy for a machine', () => {
  const nonceOf = ({ nonce }: Machine): readonly string[] => ['--nonce', toHex(nonce), '--json'];

  test('accepts what it was made of, bound to the nonce, and shows that as the last step', async () => {
    const machine = machineOn('snp');
    const policy = ['--policy', await policyOf(machine)];
    const ran = await verify(machine, [...policy, ...nonceOf(machine)]);
    assert.equal(ran.code, 0, ran.stdout);
    const { appraised, binding, appraisedAt } = ran.json();
    assert.deepEqual([appraised, binding, typeof appraisedAt], [true, { kind: 'nonce' }, 'string']);
    const last = stepsIn(ran).at(-1);
    assert.deepEqual([last?.id, last?.status], ['vtpm-nonce', 'passed']);
    const { stdout } = await verify(machine, [...policy, '--nonce', toHex(machine.nonce)]);
    assert.match(stdout, /\n21 ✔ The TPM quote was made for the expected nonce\n/);
    assert.match(stdout, /✔ The policy accepts it, and the TPM quote was made for the expected nonce\.\n$/);
  });

  test('of TDX is judged by its own rules', async () => {
    const machine = machineOn('tdx');
    const policy = await policyOf(machine);
    assert.equal((await verify(machine, ['--policy', policy, ...nonceOf(machine)])).code, 0);
    const strict = await policyOf(machine, { vmUniqueIds: ['another'] });
    const ran = await verify(machine, ['--policy', strict, ...nonceOf(machine)]);
    assert.deepEqual([ran.code, ran.json()['rule']], [4, 'vmUniqueIds']);
  });

  /** Each: what the policy or the caller expects otherwise, and the rule that refuses. Exit code 4. */
  const others: readonly (readonly [rule: string, change: object, argv?: readonly string[]])[] = [
    ['pcrs.7', { pcrs: { 7: ['00'.repeat(32)] } }],
    ['userData', { userData: ['00'.repeat(64)] }],
    ['binding', {}, ['--nonce', '00']],
    ['binding', {}, ['--report-data', '00'.repeat(64)]],
    ['binding', {}, ['--purpose', 'a test', '--nonce', '00'.repeat(16)]],
  ];

  for (const [rule, change, argv] of others) {
    test(`refuses by ${rule}${argv === undefined ? '' : ` (${argv[0]})`}, and the evidence stays genuine`, async () => {
      const machine = machineOn('snp');
      const policy = await policyOf(machine, change);
      const ran = await verify(machine, ['--policy', policy, ...(argv ?? nonceOf(machine)), '--json']);
      assert.equal(ran.code, 4, ran.stdout);
      const answer = ran.json();
      assert.deepEqual([answer['status'], answer['step'], answer['rule']], ['GENUINE', 'appraisal', rule]);
      assert.equal(errorOf(ran).code, 'APPRAISAL_REFUSED');
      const last = stepsIn(ran).at(-1);
      assert.deepEqual([last?.id, last?.status], ['vtpm-nonce', rule === 'binding' ? 'failed' : 'not reached']);
    });
  }

  test('names rules for the hardware with their path', async () => {
    const machine = machineOn('snp');
    const policy = await policyOf(machine);
    const strict = policyIn(policy);
    put('machine.json', JSON.stringify({ ...strict, hardware: { ...strict.hardware, minimumGuestSvn: 99 } }));
    const ran = await verify(machine, ['--policy', 'machine.json', ...nonceOf(machine)]);
    assert.deepEqual([ran.code, ran.json()['rule']], [4, 'hardware.minimumGuestSvn']);
  });

  test('may be unbound for a reason, and then has no step for a nonce', async () => {
    const machine = machineOn('snp');
    const policy = await policyOf(machine);
    const ran = await verify(machine, ['--policy', policy, '--unbound', 'a test', '--json']);
    assert.equal(ran.code, 0);
    assert.equal(stepsIn(ran).at(-1)?.id, 'vtpm-pcr-digest');
  });

  test('is not one for another TEE, nor the other way round', async () => {
    const machine = machineOn('tdx');
    const policy = await policyOf(machine);
    const { hardware } = policyIn(policy);
    put('td.json', JSON.stringify(hardware));
    const ran = await verify(machine, ['--policy', 'td.json', ...nonceOf(machine)]);
    assert.deepEqual([ran.code, ran.json()['rule'], errorOf(ran).details['expected']], [4, 'tee', 'tdx']);
    const quote = azureTdxScenario().tdx.quote;
    const alone = await verify(machine, ['--policy', policy, '--unbound', 'a test', '--json'], quote);
    assert.deepEqual([alone.code, alone.json()['rule'], errorOf(alone).details['expected']], [4, 'tee', 'azure-vtpm']);
  });

  test('needs a binding, and a nonce alone is for a vTPM only', async () => {
    const machine = machineOn('tdx');
    const policy = await policyOf(machine);
    assert.equal((await verify(machine, ['--policy', policy])).code, 2);
    assert.equal((await verify(machine, ['--nonce', '00'])).code, 2);
    const quote = azureTdxScenario().tdx.quote;
    const alone = await verify(machine, ['--policy', policy, '--nonce', '00', '--json'], quote);
    assert.deepEqual([alone.code, errorOf(alone).code], [2, 'CLI_USAGE']);
  });

  test('is checked with all that is wrong at once, and said in sentences', async () => {
    const machine = machineOn('snp');
    const policy = await policyOf(machine);
    const checked = await enclos(['policy', 'check', policy], { cwd: folder });
    assert.match(checked.stdout, /is a policy for Azure VMs\.\n$/);
    const { stdout } = await enclos(['policy', 'explain', policy], { cwd: folder });
    for (const sentence of [
      /This is about confidential VMs of Azure, by their vTPM\./,
      /PCR 7 must be quoted with value (?:08){32}\./,
      /The machine must boot securely\./,
      /A machine with a serial console is refused\./,
      /The hardware below it, whose evidence is about the paravisor:\n.*This is about guests of SEV-SNP\./,
    ]) {
      assert.match(stdout, sentence);
    }
    const good = policyIn(policy);
    const { requireSecureBoot: _, ...rest } = good as Record<string, unknown>;
    const wrong = {
      ...rest,
      pcrs: { 7: ['00'], 24: [] },
      allowConsol: true,
      hardware: { ...good.hardware, measurments: 1, vmpl: 9 },
    };
    const ran = await enclos(['policy', 'check', put('wrong.json', JSON.stringify(wrong)), '--json'], { cwd: folder });
    assert.equal(ran.code, 2);
    const said = (errorOf(ran).diagnostics ?? []).map(
      ({ text, suggestion }) => `${String(text)} ${String(suggestion)}`,
    );
    for (const words of [
      /unknown rule "allowConsol" "allowConsole"/,
      /pcrs\.\d+ must be|unknown rule "pcrs\.24"/,
      /requireSecureBoot is missing/,
      /unknown rule "hardware\.measurments"/,
      /hardware\.vmpl must be an integer from 0 to 3/,
    ]) {
      assert.ok(
        said.some((text) => words.test(text)),
        `${String(words)} in ${said.join('; ')}`,
      );
    }
  });
});
