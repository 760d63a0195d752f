import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { signEnclave } from '@enclos/build';
import { isEnclosError } from '@enclos/errors';
import { buildGoProgram, findGo } from '@enclos/go-toolchain';
import { runProgram } from '@enclos/host';
import { interfaceDigest, layOutImage, programInterface, type ProgramManifest } from '@enclos/manifest';
import { signingKey } from '@enclos/process-kit';
import {
  createMachine,
  createVendor,
  enrol,
  openPlatform,
  servePlatform,
  stateFolders,
  type PlatformServices,
} from '@enclos/software-sgx';
import { connectSoftwarePlatform, type SoftwareLauncher } from '@enclos/tee';
import { goProgram, goTest } from '@enclos/testkit';

type LastSteps = PlatformServices['programs']['lastSteps'];

/** An HTTPS server as anyone writes it in Go. */
const source = `package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"time"
)

func main() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	made := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &made, &made, key.Public(), key)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Millisecond)
		fmt.Fprint(w, "hello")
	})
	server := &http.Server{Addr: ":8443", TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}}
	log.Fatal(server.ListenAndServeTLS("", ""))
}
`;

/** The calls of a program without a passage, by their numbers on x86-64 (asm/unistd.h). */
const calls: Readonly<Record<string, number>> = {
  read: 0,
  write: 1,
  close: 3,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  rt_sigaction: 13,
  rt_sigprocmask: 14,
  rt_sigreturn: 15,
  sched_yield: 24,
  madvise: 28,
  nanosleep: 35,
  getpid: 39,
  clone: 56,
  execve: 59,
  exit: 60,
  fcntl: 72,
  sigaltstack: 131,
  arch_prctl: 158,
  gettid: 186,
  futex: 202,
  sched_getaffinity: 204,
  restart_syscall: 219,
  clock_gettime: 228,
  exit_group: 231,
  epoll_ctl: 233,
  tgkill: 234,
  openat: 257,
  epoll_pwait: 281,
  eventfd2: 290,
  epoll_create1: 291,
  prlimit64: 302,
  getrandom: 318,
};
/** Without these the server must not answer: so the filter is what decides, and the test can fail. */
const needed = [
  'read',
  'write',
  'futex',
  'epoll_create1',
  'epoll_ctl',
  'epoll_pwait',
  'eventfd2',
  'mmap',
  'clone',
  'execve',
];

const folder = mkdtempSync(join(tmpdir(), 'enclos-go-calls-'));
const steps: { current: LastSteps } = { current: { plain: '', passing: '', private: '' } };
let original = Buffer.alloc(0);
let launcher: SoftwareLauncher | undefined;
let close = async (): Promise<void> => undefined;

before(async () => {
  const { vendorFolder, machineFolder } = stateFolders(join(folder, 'state'));
  const vendor = await createVendor(vendorFolder, { now: new Date(), quotingSigningKey: signingKey('quoting') });
  await enrol(vendor, await createMachine(machineFolder, { separation: 'single-user' }), new Date());
  const services = await openPlatform({ machineFolder });
  steps.current = services.programs.lastSteps;
  original = readFileSync(steps.current.plain);
  const programs = {
    ...services.programs,
    get lastSteps() {
      return steps.current;
    },
  };
  const server = await servePlatform({ ...services, programs });
  const connected = await connectSoftwarePlatform(server.socketPath);
  launcher = connected;
  close = async () => {
    await connected.close();
    await server.close();
  };
});
after(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

/** A last step whose filter refuses a call with EPERM. */
function without(number: number): LastSteps {
  const changed = Buffer.from(original);
  // The jump for this number: to the next instruction, which answers it or begins to look at its arguments.
  const operand = Buffer.alloc(4);
  operand.writeUInt32LE(number);
  let at = -1;
  do at = changed.indexOf(operand, at + 1);
  while (at >= 0 && changed.readUInt16LE(at - 4) !== 0x15);
  assert.ok(at > 0, `call ${number} is in the filter`);
  // SECCOMP_RET_ERRNO with EPERM.
  changed.set([0x06, 0, 0, 0, 1, 0, 5, 0], at + 4);
  const plain = join(folder, `step-${number}`);
  writeFileSync(plain, changed, { mode: 0o555 });
  return { ...steps.current, plain };
}

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, rejectUnauthorized: false, timeout: 15_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      answer.on('end', () => resolve(text)).on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in 15 s'))).on('error', reject);
  });
}

/** What came of a server: `answers`, or why it does not. */
async function served({
  image,
  signature,
}: {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
}): Promise<string> {
  assert.ok(launcher);
  try {
    const program = await runProgram({
      image,
      signature,
      launcher,
      isolation: 'best',
      listen: { https: { port: 0 } },
      startTimeoutMs: 15_000,
    });
    try {
      const answer = await ask(program.listeners['https']?.port ?? 0);
      return answer === 'hello' ? 'answers' : `answers "${answer}"`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      await program.dispose();
    }
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return error.message;
  }
}

goTest('an HTTPS server in Go answers with the calls of the list, and without some of them not', async (t) => {
  const module = join(folder, 'server');
  mkdirSync(module);
  writeFileSync(join(module, 'go.mod'), 'module server\n\ngo 1.21\n');
  writeFileSync(join(module, 'main.go'), source);
  const out = join(module, 'bin/server');
  await buildGoProgram({
    go: await findGo(goProgram, process.env),
    folder: module,
    parameters: ['.'],
    architecture: 'linux-x64',
    work: join(folder, 'work'),
    environment: process.env,
    out,
  });
  const manifest: ProgramManifest = {
    name: 'server',
    productId: 1,
    securityVersion: 1,
    debug: false,
    threads: 8,
    heapSizeBytes: 64n << 20n,
    interfaceDigest: interfaceDigest(programInterface),
    program: { architecture: 'linux-x64', network: 'declared', arguments: [], output: 'log' },
    environment: [{ name: 'GOMEMLIMIT', value: '57MiB' }],
    trustedFiles: [],
    mounts: [],
    listen: [{ name: 'https', port: 8443, transport: 'relayed' }],
    connect: [],
    limits: { maxFrameBytes: 2 ** 22, maxQueuedCalls: 256, maxPendingCalls: 256, maxDepth: 4 },
  };
  const image = layOutImage({ manifest, bundle: new Uint8Array(readFileSync(out)), files: [] });
  const signature = signEnclave({ image, key: signingKey('first'), date: new Date('2026-06-01') });
  const whole = steps.current;
  assert.equal(await served({ image, signature }), 'answers');
  for (const [name, number] of Object.entries(calls)) {
    steps.current = without(number);
    const outcome = await served({ image, signature });
    steps.current = whole;
    t.diagnostic(`without ${name}: ${outcome}`);
    if (needed.includes(name)) assert.notEqual(outcome, 'answers', name);
  }
});
