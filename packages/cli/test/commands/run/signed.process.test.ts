import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { generateSigningKey } from '@enclos/sgx/node';
import { codeEnclave, intelEdl, intelEnclave } from '@enclos/sgx-image-kit';
import { nativeTest } from '@enclos/testkit';
import { enclos, errorOf, jsonLines, temporaryFolder, type Ran, type RunOptions } from '../../cli.ts';

const folder = temporaryFolder();
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
/** By the real clock: the platform is another process. */
const run = (given: RunOptions | string, ...argv: readonly string[]): Promise<Ran> => {
  const [options, first] = typeof given === 'string' ? [{}, [given]] : [given, []];
  const common = { cwd: folder, env: process.env, now: () => new Date() };
  return enclos(['run', ...first, ...argv], { ...common, ...options });
};
/** The code of the failure that ends the events. */
const failureOf = (ran: Ran): unknown => {
  const { error } = jsonLines(ran.stdout).at(-1) ?? {};
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
};
const edl = write('enclave.edl', intelEdl);

describe('enclos run --sgx', () => {
  test('needs a file and what goes with it', async () => {
    for (const argv of [
      ['--sgx', 'enclave.signed.so'],
      ['--edl', edl],
      ['--signature', 'program.sig'],
      ['--sgx', 'program.sgxs', '--signature', 'program.sig', '--call', 'f'],
    ]) {
      const [first = '', ...more] = argv;
      const ran = await run(first, ...more, '--json');
      assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_USAGE'], argv.join(' '));
    }
  });

  nativeTest('runs the signed file, makes the calls in their order, and writes what came of them', async () => {
    const { signed, mrEnclave } = intelEnclave({ key: generateSigningKey() });
    const image = write('enclave.signed.so', signed);
    const ocalls = write(
      'ocalls.ts',
      'export function ocall_ask({ value }: { value: number }): number {\n  console.log("asked");\n  return value * 2;\n}\n',
    );
    const common = ['--sgx', image, '--edl', edl, '--ocalls', ocalls, '--isolation=best', '--state', 'state'];
    const copy = 'ecall_copy {"source": {"hex": "0102"}, "bytes": 2}';
    const calls = ['--call', 'ecall_ask {"value": 21}', '--call', copy, '--call', 'ecall_nothing'];
    const ran = await run({}, ...common, ...calls);
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(ran.stdout.trim().split('\n'), ['42', '{"copy":{"hex":"0102"}}', 'null']);
    assert.match(ran.stderr, new RegExp(`enclave runs with 2 threads, MRENCLAVE ${toHex(mrEnclave)}`));

    const [platform, running, first] = jsonLines((await run({}, ...common, ...calls, '--json')).stdout);
    assert.equal(platform?.['event'], 'platform');
    assert.deepEqual(
      [running?.['event'], running?.['mrEnclave'], running?.['debug']],
      ['running', toHex(mrEnclave), false],
    );
    assert.deepEqual(first, { event: 'returned', call: 'ecall_ask', result: 42 });

    const absent = await run({}, ...common, '--call', 'ecall_absent', '--json');
    assert.deepEqual([absent.code, errorOf(absent).code], [2, 'CLI_USAGE']);
    const failed = await run({}, ...common, '--call', 'ecall_misbehave {"kind": 1}', '--json');
    assert.deepEqual([failed.code, failureOf(failed)], [1, 'ENCLAVE_LOST']);
    const missing = await run('--sgx', image, '--edl', edl, '--isolation=best', '--state', 'state', '--json');
    assert.equal(failureOf(missing), 'EDL_HANDLER_MISSING');
  });

  nativeTest('runs the stream of a program until it exits', async () => {
    // Writes its second argument, and panics.
    const code = `
      cmpq $0, %fs:0
      jne 1f
      movq $1, %fs:0
      mov 16(%rdi), %rdx
      mov 24(%rdi), %r8
      mov $3, %edi
      mov $1, %esi
      jmp 2f
   1: mov $10, %edi
      mov $1, %esi
   2: mov %rcx, %rbx
      mov $4, %eax
      .byte 0x0f, 0x01, 0xd7
    `;
    const { sgxs, sigstruct } = codeEnclave({ key: generateSigningKey(), code, enclaveBytes: 2 ** 22 });
    const files = ['--sgx', write('program.sgxs', sgxs), '--signature', write('program.sig', sigstruct)];
    const ran = await run({}, ...files, '--isolation=best', '--state', 'state', '--', 'hello');
    assert.deepEqual([ran.code, ran.stdout], [101, 'hello'], ran.stderr);
  });

  nativeTest('gives a program the bytes of standard input, and writes its own as they are', async () => {
    // Usercalls in their order: alloc, read into that, write it, exit.
    const steps = [
      'mov $14, %edi\n mov $16, %esi\n mov $1, %edx',
      'mov %rdx, %gs:8\n mov $1, %edi\n xor %esi, %esi\n mov $16, %r8d',
      'mov $3, %edi\n mov $1, %esi\n mov %rdx, %r8\n mov %gs:8, %rdx',
      'mov $10, %edi\n xor %esi, %esi',
    ];
    const code = `
      mov %rcx, %rbx
      incl %gs:0
      mov %gs:0, %eax
      ${steps.map((_, i) => `cmp $${i + 1}, %eax\n je step${i}`).join('\n')}
      ud2
      ${steps.map((step, i) => `step${i}:\n ${step}\n jmp leave`).join('\n')}
    leave:
      mov $4, %eax
      .byte 0x0f, 0x01, 0xd7`;
    const { sgxs, sigstruct } = codeEnclave({ key: generateSigningKey(), code, enclaveBytes: 2 ** 22 });
    const files = ['--sgx', write('echo.sgxs', sgxs), '--signature', write('echo.sig', sigstruct)];
    // Not UTF-8: the half of a character, and bytes that no character has.
    const stdin = [Uint8Array.of(0xc3, 0x28, 0xff, 0x00, 0x80)];
    const ran = await run({ stdin }, ...files, '--isolation=best', '--state', 'state');
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual([...ran.stdoutBytes], [...(stdin[0] ?? [])]);
  });

  nativeTest('says what is wrong with the files before it starts a platform', async () => {
    const { elf, signed } = intelEnclave({ key: generateSigningKey() });
    const image = write('good.signed.so', signed);
    const state = join(folder, 'never-made');
    for (const [code, ...words] of [
      [
        'ENCLAVE_FILE_NOT_SIGNED',
        '--sgx',
        write('unsigned.so', elf),
        '--edl',
        edl,
        '--ocalls',
        write('none.mjs', 'export const ocall_ask = () => 0;'),
      ],
      ['EDL_HANDLER_MISSING', '--sgx', image, '--edl', edl],
      ['ENCLAVE_FILE_INVALID', '--sgx', write('damaged.so', signed.slice(0, 5000)), '--edl', edl],
    ] as const) {
      const ran = await run({}, ...words, '--isolation=best', '--state', state, '--json');
      assert.equal(failureOf(ran), code);
      assert.ok(!existsSync(state), code);
    }
    const unsigned = await run('--sgx', 'unsigned.so', '--edl', edl, '--ocalls', 'none.mjs', '--state', state);
    assert.match(unsigned.stderr, /enclos sign FILE --key KEY/);
  });
});
