import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { generateSigningKey } from '@enclos/sgx/node';
import { runSgxProgram } from '@enclos/sgx-host';
import { codeEnclave } from '@enclos/sgx-image-kit';
import { failsWith, nativeCompilers, nativeTest, runFolder } from '@enclos/testkit';
import { openTestPlatform, type TestPlatform } from './platform.ts';

const folder = runFolder(`sgx-host-program-${process.pid}`);

/** Writes its first argument to standard output, and exits; panics when it has no argument. The first word of its data is its state. */
const code = `
  mov %fs:0, %rax
  test %rax, %rax
  jnz 1f
  movq $1, %fs:0
  test %rsi, %rsi
  jz 2f
  mov (%rdi), %rdx
  mov 8(%rdi), %r8
  mov $3, %edi
  mov $1, %esi
  jmp 3f
1: mov $10, %edi
  xor %esi, %esi
  jmp 3f
2: mov $10, %edi
  mov $1, %esi
3: mov %rcx, %rbx
  mov $4, %eax
  .byte 0x0f, 0x01, 0xd7
`;

describe('a program of Fortanix EDP in its own process', () => {
  let platform: TestPlatform | undefined;
  let signature = new Uint8Array();
  const image = join(folder, 'program.sgxs');

  before(async () => {
    if (process.arch !== 'x64' || nativeCompilers.length === 0) return;
    platform = await openTestPlatform(folder);
    const enclave = codeEnclave({ key: generateSigningKey(), code, enclaveBytes: 2 ** 22 });
    writeFileSync(image, enclave.sgxs);
    signature = Uint8Array.from(enclave.sigstruct);
  });
  after(() => platform?.close());

  const run = (written: string[], args?: readonly string[]) => {
    assert.ok(platform !== undefined);
    const write = (device: string, bytes: Uint8Array): void =>
      void written.push(device, new TextDecoder().decode(bytes));
    const { launcher } = platform;
    return runSgxProgram({ image, signature, args, streams: { write }, launcher, isolation: 'best' });
  };

  nativeTest('writes, and exits', async () => {
    const written: string[] = [];
    assert.deepEqual(await run(written, ['hello', 'world']), { panicked: false });
    assert.deepEqual(written, ['stdout', 'hello']);
    await run(written);
    assert.deepEqual(written.slice(2), ['stdout', 'program.sgxs']);
  });

  nativeTest('panics', async () => {
    assert.deepEqual(await run([], []), { panicked: true });
  });

  nativeTest('does not start with another signature', async () => {
    const wrong = signature.slice();
    // In the measurement that it names.
    wrong[960] = (wrong[960] ?? 0) ^ 1;
    signature = wrong;
    await assert.rejects(run([]), failsWith('SIGSTRUCT_SIGNATURE'));
  });
});
