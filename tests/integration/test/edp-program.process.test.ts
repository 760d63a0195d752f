import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { createWorkshop } from '@enclos/process-kit';
import { generateSigningKey } from '@enclos/sgx/node';
import { type EdpEnd, runSgxProgram, type SgxProgramOptions } from '@enclos/sgx-host';
import { codeEnclave } from '@enclos/sgx-image-kit';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { nativeTest } from '@enclos/testkit';

const workshop = createWorkshop();
const key = generateSigningKey();
let platform: EmbeddedPlatform;
let image: string;
before(async () => {
  platform = await workshop.startPlatform('here');
  image = join(workshop.subfolder('edp'), 'app.sgxs');
});
after(() => workshop.close());

/** One usercall after the other: RCX of an entry is where to go on outside, and the first word at GS counts. */
const program = (...usercalls: readonly string[]): string => `
  mov %rcx, %rbx
  incl %gs:0
  mov %gs:0, %eax
  ${usercalls.map((_, i) => `cmp $${i + 1}, %eax\n  je step${i}`).join('\n  ')}
  ud2
  ${usercalls.map((usercall, i) => `step${i}:\n  ${usercall}\n  jmp leave`).join('\n  ')}
leave:
  mov $4, %eax
  .byte 0x0f, 0x01, 0xd7`;

const alloc = 'mov $14, %edi\n  mov $16, %esi\n  mov $1, %edx';
const readThere = 'mov %rdx, %gs:8\n  mov $1, %edi\n  xor %esi, %esi\n  mov $16, %r8d';
const writeThat = 'mov $3, %edi\n  mov $1, %esi\n  mov %rdx, %r8\n  mov %gs:8, %rdx';
const exit = 'mov $10, %edi\n  xor %esi, %esi';
const time = 'mov $13, %edi';

async function run(code: string, options: Partial<SgxProgramOptions> = {}): Promise<EdpEnd> {
  const { sgxs, sigstruct } = codeEnclave({ key, code, enclaveBytes: 0x10_0000 });
  writeFileSync(image, sgxs);
  const streams = { write: () => undefined };
  return runSgxProgram({ image, signature: sigstruct, launcher: platform, isolation: 'best', streams, ...options });
}

nativeTest('a program reads into memory that it reserved, writes what it read, and exits', async () => {
  const written: string[] = [];
  const end = await run(program(alloc, readThere, writeThat, exit), {
    streams: {
      read: async () => Buffer.from('hello'),
      write: (device, bytes) => void written.push(`${device} ${Buffer.from(bytes).toString()}`),
    },
  });
  assert.deepEqual(end, { panicked: false });
  assert.deepEqual(written, ['stdout hello']);
});

nativeTest('a program that breaks the rules is lost', async () => {
  for (const [code, reason] of [
    [program(time), /usercall "insecure_time", which is not supported/],
    [program('mov $99, %edi'), /usercall that does not exist/],
    ['ud2', /exception of the processor/],
  ] as const) {
    await assert.rejects(run(code), (error) => isEnclosError(error, 'ENCLAVE_LOST') && reason.test(error.message));
  }
});

nativeTest('a program that never leaves is ended by its host', async () => {
  const giveUp = new AbortController();
  let reads = 0;
  const running = run(program(alloc, readThere, '1: pause\n  jmp 1b'), {
    signal: giveUp.signal,
    streams: {
      write: () => undefined,
      // It runs by now, and spins when it has this answer.
      async read() {
        reads += 1;
        setImmediate(() => giveUp.abort());
        return new Uint8Array();
      },
    },
  });
  await assert.rejects(running, (error) => isEnclosError(error, 'ENCLAVE_LOST'));
  assert.equal(reads, 1);
});
