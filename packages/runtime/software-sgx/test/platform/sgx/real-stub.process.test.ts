import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { planAllWays, stubPlan, writeOuterFilter, type IsolationWay } from '@enclos/isolation';
import { parseReport } from '@enclos/sgx';
import { codeEnclave } from '@enclos/sgx-image-kit';
import {
  AnswerKind,
  encodeGateRequest,
  gateAnswerReader,
  HELLO_BYTES,
  parseGateAnswer,
  parseGateHello,
  RequestKind,
  type GateAnswer,
} from '@enclos/sgx-stub/wire';
import { connectSoftwarePlatform, type LaunchedSgxEnclave, type SoftwareLauncher } from '@enclos/tee';
import { nativeCompilers, until } from '@enclos/testkit';
import { openPlatform, type SeparationOptions } from '../../../src/index.ts';
import { servePlatform } from '../../../src/platform/server.ts';
import type { PlatformServices } from '../../../src/platform/services.ts';
import { requireExecution } from '../../../src/platform/sgx/sgx-services.ts';
import { applicationKey, temporaryFolder } from '../../support.ts';
import { descendantsOf } from './processes.ts';
import { piecesOf } from './sgx-lab.ts';
import { enrolledSite } from '../../provisioning-support.ts';

/** Why the real stub is not tried here. With CI it must be there. */
function missing(): string | false {
  if (process.arch !== 'x64') return 'SGX images run on x86-64';
  if (nativeCompilers.length > 0) return false;
  assert.notEqual(process.env['CI'], 'true', 'CI has a compiler for the stub.');
  return 'needs gcc-14 or clang-19 (apt-get install gcc-14)';
}

interface Lab {
  readonly services: PlatformServices;
  readonly launcher: SoftwareLauncher;
  readonly missing: readonly string[];
  close(): Promise<void>;
}

async function labBy(way: IsolationWay, separation?: SeparationOptions): Promise<Lab> {
  const { machine } = await enrolledSite(separation === undefined ? 'single-user' : 'separated');
  const opened = await openPlatform({
    machineFolder: machine.folder,
    ...(separation === undefined ? {} : { separation }),
  });
  const plan = planAllWays({
    interpreterPath: opened.interpreter.path,
    filterPath: join(opened.runtimeFolder.path, 'enclave.bpf'),
    starterPath: opened.isolation.starterPath,
    ...(separation === undefined ? {} : { enclaveUser: separation.enclaveUsers.first }),
  }).find((each) => each.way === way);
  assert.ok(plan !== undefined);
  const { program } = requireExecution(opened.sgx);
  const filterPath = await writeOuterFilter(opened.runtimeFolder.path);
  const isolation = stubPlan(plan, { path: program.path, filterPath });
  const services = { ...opened, sgx: { ...opened.sgx, execution: { program, isolation } } };
  const server = await servePlatform(services);
  const launcher = await connectSoftwarePlatform(server.socketPath);
  return {
    services,
    launcher,
    missing: isolation.layers.filter(({ active }) => !active).map(({ name, detail }) => `${name}: ${detail}`),
    async close() {
      await launcher.close();
      await server.close();
    },
  };
}

/** Leaves with the number that it was called with, doubled; makes a report when RDI is 1; and `syscall` when it is 2. */
const code = `
  mov %rcx, %r12
  cmp $1, %rdi
  je report
  cmp $2, %rdi
  je call
  lea (%rdi, %rdi), %rdi
leave:
  mov %r12, %rbx
  mov $4, %eax
  .byte 0x0f, 0x01, 0xd7
call:
  mov $39, %eax
  syscall
  jmp leave
report:
  mov %rsi, %r13
  mov %rdx, %r14
  lea 0(%rip), %rax
  and $-4096, %rax
  lea 4096(%rax), %rdi
  mov $72, %ecx
  cld
  rep movsq
  lea 4096(%rax), %rbx
  lea 4608(%rax), %rcx
  lea 5120(%rax), %rdx
  mov %rax, %r15
  xor %eax, %eax
  .byte 0x0f, 0x01, 0xd7
  lea 5120(%r15), %rsi
  mov %r14, %rdi
  mov $54, %ecx
  rep movsq
  mov $9, %edi
  jmp leave
`;

interface Called {
  readonly answer: GateAnswer;
}

/** One gate, as the host of an enclave uses it. */
class Gate {
  readonly #stream: Duplex;
  #bytes = Buffer.alloc(0);

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Uint8Array) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      stream.emit('more');
    });
    // Whoever waits for an answer gets none.
    stream.once('end', () => stream.emit('error', new Error('The gate has ended.')));
    stream.resume();
  }

  async hello() {
    while (this.#bytes.length < HELLO_BYTES) await once(this.#stream, 'more');
    const hello = parseGateHello(Uint8Array.from(this.#bytes.subarray(0, HELLO_BYTES)));
    this.#bytes = this.#bytes.subarray(HELLO_BYTES);
    return hello;
  }

  send(rdi: bigint, { arena, stackTop, content = new Uint8Array(), reads = 0 }: Call): void {
    for (const part of encodeGateRequest({
      kind: RequestKind.ENTER,
      rdi,
      rsi: arena,
      rdx: arena + 4096n,
      r8: 0n,
      r9: 0n,
      r10: 0n,
      rsp: stackTop,
      rbp: stackTop,
      writes: content.length === 0 ? [] : [{ address: arena, content }],
      reads: reads === 0 ? [] : [{ address: arena + 4096n, bytes: reads }],
      finalMask: 0n,
      finalValue: 0n,
      stackTop,
      exitStackBytes: 0,
      windowBytes: 0,
    })) {
      this.#stream.write(part);
    }
  }

  async call(rdi: bigint, call: Call): Promise<Called> {
    const { reads = 0 } = call;
    this.send(rdi, call);
    const reader = gateAnswerReader(() => reads);
    const answers: GateAnswer[] = [];
    while (answers.length === 0) {
      if (this.#bytes.length === 0) await once(this.#stream, 'more');
      const chunk = Uint8Array.from(this.#bytes);
      this.#bytes = Buffer.alloc(0);
      reader.push(chunk, (message) => answers.push(parseGateAnswer(message, reads === 0 ? [] : [reads])));
    }
    const [answer] = answers;
    assert.ok(answer !== undefined);
    return { answer };
  }
}

interface Call {
  readonly arena: bigint;
  readonly stackTop: bigint;
  readonly content?: Uint8Array;
  readonly reads?: number;
}

const stackBytes = 65_536;

async function launched(lab: Lab, threads = 2) {
  const image = codeEnclave({ key: applicationKey, code, threads, enclaveBytes: 1 << 22, dataPages: 2 });
  const enclave = await lab.launcher.launchSgx({
    stream: piecesOf(image.sgxs),
    enclaveBytes: BigInt(image.enclaveBytes),
    threads,
    stackBytes,
    arenaBytes: threads * stackBytes + 65_536,
    fastExit: false,
    signature: image.sigstruct,
    attributes: { flags: 4n, xfrm: 3n },
    miscSelect: 0,
    isolation: lab.missing.length === 0 ? 'strict' : 'best',
  });
  const gates = enclave.gates.map((stream) => new Gate(stream));
  const hellos = await Promise.all(gates.map((gate) => gate.hello()));
  const [first, hello] = [gates[0], hellos[0]];
  assert.ok(first !== undefined && hello !== undefined);
  const call: Call = {
    arena: hello.arenaBase + BigInt(threads * stackBytes),
    stackTop: hello.stackBase + hello.stackBytes,
  };
  return { enclave, image, gates, hellos, gate: first, call };
}

/** The processes that run the copy of the stub. Its words are gone, with the stack that the kernel gave it. */
function stubsOf({ services }: Lab): readonly number[] {
  const { program } = requireExecution(services.sgx);
  // TASK_COMM_LEN, proc_pid_comm(5).
  const comm = basename(program.path).slice(0, 15);
  return descendantsOf(process.pid).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === comm;
    } catch {
      return false;
    }
  });
}

async function gone(enclave: LaunchedSgxEnclave, lab: Lab): Promise<void> {
  await enclave.exited;
  await until('no process is left', () => stubsOf(lab).length === 0);
}

const isRoot = process.getuid?.() === 0;

for (const way of ['util-linux', 'bubblewrap'] as const) {
  for (const mode of ['single-user', 'separated'] as const) {
    const reason = missing() || (mode === 'separated' && !isRoot && 'a separated platform needs root');
    describe(`an SGX image by ${way}, ${mode}`, { skip: reason }, () => {
      let lab: Lab;
      before(async () => {
        const folder = temporaryFolder();
        chmodSync(folder, 0o711);
        const users = { first: 61_400, last: 61_407 };
        const separation = {
          hostUsers: [60_400],
          enclaveUsers: users,
          runtimeFolder: join(folder, 'run'),
          cacheFolder: join(folder, 'cache'),
        };
        lab = await labBy(way, mode === 'separated' ? separation : undefined);
      });
      after(() => lab.close());

      test('runs under every layer that the machine has, and answers on each gate', async (t) => {
        if (lab.missing.length > 0) t.diagnostic(`without ${lab.missing.join('; ')}`);
        const { enclave, image, gates, hellos } = await launched(lab, 3);
        assert.deepEqual(enclave.identity.mrEnclave, image.mrEnclave);
        assert.deepEqual(
          hellos.map(({ thread, tcs, enclaveBase }) => [thread, Number(tcs - enclaveBase)]),
          image.tcs.map((offset, i) => [i, offset]),
        );
        for (const [i, gate] of gates.entries()) {
          const hello = hellos[i];
          assert.ok(hello !== undefined);
          const call = {
            arena: hello.arenaBase + 3n * BigInt(stackBytes),
            stackTop: hello.stackBase + hello.stackBytes,
          };
          const { answer } = await gate.call(21n, call);
          assert.deepEqual([answer.kind, answer.rdi, answer.final], [AnswerKind.EXIT, 42n, true]);
        }
        const [pid] = stubsOf(lab);
        assert.ok(pid !== undefined);
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const filters = lab.missing.some((each) => each.startsWith('seccomp')) ? 1 : 2;
        assert.match(status, new RegExp(`^Seccomp_filters:\\t${filters}$`, 'm'));
        assert.match(status, /^CapEff:\t0+$/m);
        assert.match(status, /^NoNewPrivs:\t1$/m);
        const user = Number(/^Uid:\t(\d+)/m.exec(status)?.[1]);
        assert.equal(user, mode === 'separated' ? 61_400 : process.getuid?.());
        const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
        assert.match(limits, /^Max core file size +1 +1 /m);
        const range = image.enclaveBytes + 3 * stackBytes + 65_536 + 64 * 1024 * 1024;
        assert.match(limits, new RegExp(`^Max data size +${range} +${range} `, 'm'));
        await enclave.terminate();
        await gone(enclave, lab);
      });

      test('makes a report that the quoting enclave quotes, and gets another system call refused', async () => {
        const { enclave, image, gate, call } = await launched(lab);
        const content = new Uint8Array(576).fill(5, 512);
        content.set(await lab.launcher.quotingTarget());
        const { answer } = await gate.call(1n, { ...call, content, reads: 432 });

        const [report = new Uint8Array()] = answer.reads;
        assert.deepEqual(parseReport(report).body.mrEnclave, image.mrEnclave);
        assert.ok((await lab.launcher.quote(report)).length > 432);
        gate.send(2n, call);
        const { detail } = await enclave.exited;
        assert.match(detail, /system call/);
        await gone(enclave, lab);
      });

      test('ends with a gate, and with its host', async () => {
        const one = await launched(lab);
        one.enclave.gates[1]?.destroy();
        assert.match((await one.enclave.exited).detail, /closed a gate|SIGKILL/);
        await gone(one.enclave, lab);
      });
    });
  }
}
