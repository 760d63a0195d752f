import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { toHex, utf8 } from '@enclos/codec';
import { parseSigstruct } from '@enclos/sgx';
import { enclaveChannel, hostChannel } from '@enclos/tee';
import { signalTo } from '@enclos/testkit';
import { connectRaw, ended, frame } from '@enclos/process-kit/hostile/platform-peer';
import { isRunning, until } from '@enclos/process-kit/processes/process-watch';
import {
  addressIn,
  attacks,
  createSeparatedSite,
  enclavesOf,
  enclaveUsers,
  hostUsers,
  perlAs,
  statusOf,
  strangerUser,
  wrappersOf,
  type SeparatedHost,
  type SeparatedPlatform,
  type SeparatedSite,
} from '@enclos/process-kit/separated/separated';
import { separatedWays, type SeparatedWay } from '@enclos/process-kit/separated/separated-ways';

/** What else is in the cache of a platform is its starter. */
const isInterpreter = (name: string): boolean => name.startsWith('node-');

const EPERM = '1';
const hello = Buffer.from('hello').toString('base64');

for (const way of await separatedWays()) {
  describe(`a separated platform by ${way.way}`, { skip: way.skip }, () => separatedBy(way));
}

function separatedBy({ way, isChosen }: SeparatedWay): void {
  let site: SeparatedSite;
  let platform: SeparatedPlatform;
  let host: SeparatedHost;
  let other: SeparatedHost;
  let sealed: unknown;

  /** The process of the enclave that the first host loads, and the platform: what it must not touch. */
  let enclave = { processId: 0, user: 0 };
  const targets = (): readonly number[] => [enclave.processId, platform.processId];

  before(async () => {
    // By the command itself where it takes this way.
    site = await createSeparatedSite(isChosen ? undefined : way);
    const made = site.enclos('platform', 'init', '--state', site.state, '--separated');
    assert.equal(made.code, 0, made.text);
  });
  after(() => site.close());

  describe('is set up on purpose', () => {
    const enrol = (...more: readonly string[]) =>
      site.enclos(
        'platform',
        'enrol',
        '--vendor',
        `${site.state}/vendor`,
        '--machine',
        `${site.state}/machine`,
        ...more,
      );

    test('a vendor does not certify a separated machine unless it is told to by name', () => {
      assert.match(site.enclos(...site.serveWords()).text, /PLATFORM_NOT_ENROLLED/);
      assert.match(enrol().text, /ENROLMENT_REFUSED/);
      assert.equal(enrol('--allow-separated').code, 0);
    });

    test('users that cannot be kept apart are refused', () => {
      const { first, last } = enclaveUsers;
      const refusals: readonly [words: readonly string[], why: RegExp][] = [
        [['--enclave-users', `0-${last}`], /whole number from 1/],
        [['--enclave-users', `${last}-${first}`], /ends before it begins/],
        [['--enclave-users', `${first}-${first}`], /too few/],
        [['--enclave-users', `${hostUsers[1]}-${last}`], /is in the range/],
        [['--enclave-users', '65000-65600'], /which the kernel uses/],
        [['--host-user', '0'], /whole number from 1/],
        [['--host-user', `${hostUsers[0]},${hostUsers[0]}`], /named twice/],
      ];
      for (const [words, why] of refusals) {
        const { code, text } = site.enclos(...site.serveWords(words));
        assert.notEqual(code, 0);
        assert.match(text, why);
      }
    });

    test('a range in which somebody runs a process is refused', async () => {
      const user = enclaveUsers.first + 2;
      const child = spawn('sleep', ['60'], { uid: user, gid: user, env: {} });
      await once(child, 'spawn');
      assert.match(site.enclos(...site.serveWords()).text, new RegExp(`${child.pid} runs as enclave user ${user}`));
      child.kill('SIGKILL');
      await once(child, 'exit');
    });

    test('a separated machine is not served to everybody', () => {
      assert.match(site.enclos('platform', 'serve', '--state', site.state).text, /PLATFORM_SEPARATION_MISMATCH/);
    });

    test('a single-user machine is not served as a separated one', () => {
      const single = join(site.folder, 'single');
      site.enclos('platform', 'init', '--state', single);
      const words = site.serveWords().map((word) => (word === site.state ? single : word));
      assert.match(site.enclos(...words).text, /PLATFORM_SEPARATION_MISMATCH/);
    });
  });

  describe('serves', () => {
    before(async () => {
      platform = await site.serve();
      [host, other] = [await site.host(hostUsers[0]), await site.host(hostUsers[1])];
      await host.does('connect', platform.socketOf(host.user));
      await other.does('connect', platform.socketOf(other.user));
    });

    test('hosts that are users without anything else', async () => {
      const status = String(await host.does('status'));
      assert.match(status, new RegExp(`^Uid:(\\s+${host.user}){4}$`, 'm'));
      assert.match(status, new RegExp(`^Gid:(\\s+${host.user}){4}$`, 'm'));
      assert.match(status, /^Groups:\s*$/m);
      assert.match(status, /^CapEff:\s+0+$/m);
    });

    test('an enclave that has a user and a group of its own, and nothing else', async () => {
      assert.equal(await host.does('load'), 0);
      assert.equal(await host.does('echo', 0, hello), hello);
      const found = enclavesOf(platform);
      assert.equal(found.length, 1);
      enclave = found[0] ?? enclave;
      const status = statusOf(enclave.processId);
      for (const line of [
        `Uid:(\\s+${enclave.user}){4}`,
        `Gid:(\\s+${enclave.user}){4}`,
        'Groups:\\s*',
        'NoNewPrivs:\\s+1',
        'Seccomp:\\s+2',
        ...['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((set) => `Cap${set}:\\s+0+`),
      ]) {
        assert.match(status, new RegExp(`^${line}$`, 'm'));
      }
      const limits = readFileSync(`/proc/${enclave.processId}/limits`, 'utf8');
      assert.match(limits, /^Max core file size\s+1\s+1\s/m);
      assert.match(limits, /^Max open files\s+1024\s+1024\s/m);
      // 64, and 4 for each of the two threads of its manifest.
      assert.match(limits, /^Max processes\s+72\s+72\s/m);
    });

    test('every layer, which strict isolation asks for', async () => {
      assert.deepEqual(await host.does('layers', 0), [
        'interpreter',
        'authority',
        'environment',
        'descriptors',
        'memory',
        'no-dumps',
        'threads',
        'parent-death',
        'namespaces',
        'privileges',
        'file-view',
        'seccomp',
      ]);
      const namespacesOf = (processId: number): readonly string[] =>
        ['net', 'pid', 'ipc', 'uts', 'mnt'].map((name) => readlinkSync(`/proc/${processId}/ns/${name}`));
      const outside = namespacesOf(platform.processId);
      for (const inside of namespacesOf(enclave.processId)) assert.ok(!outside.includes(inside), inside);
      // bubblewrap says where it is.
      assert.match(readFileSync(`/proc/${enclave.processId}/environ`, 'utf8'), /^(?:PWD=\/\0)?$/);
    });

    test('the interpreter from a copy that root alone can change, and that was verified', () => {
      const [name = ''] = readdirSync(site.cache).filter(isInterpreter);
      const { uid, mode } = statSync(join(site.cache, name));
      assert.deepEqual([uid, mode & 0o777], [0, 0o555]);
      assert.equal(readFileSync(`/proc/${enclave.processId}/cmdline`, 'utf8').split('\0')[0], join(site.cache, name));
    });

    test('evidence whose TCB status is UpToDate, to whoever names the root', async () => {
      const nonce = utf8('a nonce of the relying party');
      const quote = await host.does('quote', 0, 'separation test v1', Buffer.from(nonce).toString('base64'));
      const description = (await host.does('describe')) as { separation: string; rootCertificate: string };
      assert.equal(description.separation, 'separated');
      const root = await softwareRoot(description.rootCertificate);
      const endorsements = parseCollateral(JSON.parse(String(await host.does('endorsements'))));
      const options = { roots: [root], now: new Date() };
      const verdict = await verifyQuote(new Uint8Array(Buffer.from(String(quote), 'base64')), endorsements, options);
      const policy = {
        mrEnclave: [toHex(parseSigstruct(site.signed.signature).enclaveHash)],
        minimumSecurityVersion: 3,
        acceptedStatuses: ['OK' as const],
        acceptedAdvisoryIds: [],
        intelRoot: false,
        softwareRoots: [root.fingerprint],
      };
      const binding = { reportData: await boundReportData({ purpose: 'separation test v1', nonce }) };
      assert.equal(verdict.status, 'OK');
      assert.deepEqual(verdict.advisoryIds, []);
      appraise(verdict, policy, binding, { now: new Date() });
      assert.throws(() => appraise(verdict, { ...policy, softwareRoots: [] }, binding, { now: new Date() }));
    });

    test('sealing', async () => {
      sealed = await host.does('seal', 0, hello);
      assert.equal(await host.does('unseal', 0, String(sealed)), hello);
    });
  });

  describe('a hostile host cannot', () => {
    test('read the memory of an enclave or of the platform through /proc', async () => {
      for (const target of targets()) {
        const address = addressIn(target);
        for (const what of ['mem', 'maps', 'environ', 'auxv']) {
          assert.equal(await host.attempt('readAt', `/proc/${target}/${what}`, address), 'EACCES', what);
        }
      }
    });

    test('read it with process_vm_readv, as root does', async () => {
      for (const target of targets()) {
        const attack = attacks.readMemory(target, addressIn(target));
        assert.equal(perlAs(0, attack), 'done');
        assert.deepEqual(await host.does('run', 'perl', ...attack), { stdout: EPERM, stderr: '', status: 0 });
      }
    });

    test('attach to it with ptrace, as root does', async () => {
      for (const target of targets()) {
        const attack = attacks.ptrace(target);
        assert.equal(perlAs(0, attack), 'done');
        assert.deepEqual(await host.does('run', 'perl', ...attack), { stdout: EPERM, stderr: '', status: 0 });
      }
      assert.equal(await host.does('echo', 0, hello), hello);
    });

    test('make it dump its memory, or lift the limit that forbids it', async () => {
      for (const target of targets()) {
        for (const signal of ['SIGABRT', 'SIGSEGV', 'SIGQUIT']) {
          assert.equal(await host.attempt('signal', target, signal), 'EPERM', signal);
        }
        const lifted = await host.does('run', 'prlimit', '--pid', target, '--core=unlimited:unlimited');
        assert.match(JSON.stringify(lifted), /not permitted/);
      }
    });

    test('wake the inspector of it with SIGUSR1; and root, who may, wakes none in the enclave', async () => {
      for (const target of targets()) assert.equal(await host.attempt('signal', target, 'SIGUSR1'), 'EPERM');
      process.kill(enclave.processId, 'SIGUSR1');
      assert.equal(await host.does('echo', 0, hello), hello);
      // In the enclave's own network: nobody listens (0A, proc_pid_net(5)).
      for (const table of ['tcp', 'tcp6']) {
        const rows = readFileSync(`/proc/${enclave.processId}/net/${table}`, 'utf8').split('\n').slice(1);
        assert.ok(rows.every((row) => row.trim().split(/\s+/)[3] !== '0A'));
      }
    });

    test('take the descriptor through which the enclave speaks to its platform', async () => {
      for (const descriptor of [3, 4]) {
        assert.equal(await host.attempt('read', `/proc/${enclave.processId}/fd/${descriptor}`), 'EACCES');
        const stolen = await host.does('run', 'perl', ...attacks.takeDescriptor(enclave.processId, descriptor));
        assert.deepEqual(stolen, { stdout: EPERM, stderr: '', status: 0 });
      }
    });

    test('read the keys of the platform', async () => {
      for (const file of ['machine/fuses.bin', 'machine/owner-epoch.bin', 'machine/pck.json', 'vendor']) {
        assert.equal(await host.attempt('read', join(site.state, file)), 'EACCES');
      }
    });

    test('connect to anything but its own socket', async () => {
      const names = readdirSync(platform.runtimeFolder, { recursive: true, encoding: 'utf8' });
      const sockets = names
        .map((name) => join(platform.runtimeFolder, name))
        .filter((path) => statSync(path).isSocket());
      assert.ok(sockets.length >= 3);
      for (const path of sockets) {
        const expected = path === platform.socketOf(host.user) ? 'connected' : 'EACCES';
        assert.equal(await host.attempt('open', path), expected, path);
      }
    });

    test('ask for a report or a key, or pass for an enclave: its connection has no such calls', async () => {
      // As root, who can connect as any host: the platform asks nobody who he is.
      const asEnclave = await connectRaw(platform.socketOf(host.user));
      asEnclave.write(frame('hello', utf8(enclaveChannel.describe())));
      await ended(asEnclave);
      // The platform serves a host these calls, numbered from 0. A host that sends arguments to another one is cut off.
      const calls = Object.keys(hostChannel.trusted);
      assert.ok(!calls.includes('report') && !calls.includes('key'));
      for (const index of [calls.length, calls.length + 1, calls.length + 2, 255]) {
        const call = ['callIndex', platform.socketOf(host.user), index] as const;
        assert.equal(await host.attempt(...call, 0), 'EDL_UNKNOWN_FUNCTION');
        assert.equal(await host.attempt(...call, 512), 'TEE_PLATFORM_LOST');
      }
      assert.equal(await host.does('echo', 0, hello), hello);
    });

    test('change an image or its signature between measuring and running', async () => {
      await host.does('peer', platform.socketOf(host.user));
      const upload = await host.does('upload');
      assert.equal(await host.attempt('addTo', Number(upload)), 'PLATFORM_UPLOAD_REFUSED');
      const second = await host.does('upload');
      assert.equal(await host.attempt('initialize', Number(second), 'changed'), 'SIGSTRUCT_SIGNATURE');
      assert.equal(await host.attempt('initialize', Number(second)), 'PLATFORM_UPLOAD_REFUSED');
    });

    test('exchange the interpreter, a socket, or anything in the folders of the platform', async () => {
      const [interpreter = ''] = readdirSync(site.cache)
        .filter(isInterpreter)
        .map((name) => join(site.cache, name));
      const own = platform.socketOf(host.user);
      const [runtime = ''] = readdirSync(platform.runtimeFolder).filter((name) => name.startsWith('enclos-run-'));
      const inside = join(platform.runtimeFolder, runtime);
      for (const path of [interpreter, join(site.cache, 'new'), join(inside, 'new'), join(inside, 'enclave.bpf')]) {
        assert.equal(await host.attempt('write', path), 'EACCES', path);
      }
      for (const path of [interpreter, own, join(inside, 'life.sock'), join(inside, 'users')]) {
        assert.equal(await host.attempt('remove', path), 'EACCES', path);
        assert.equal(await host.attempt('rename', path, `${path}.old`), 'EACCES', path);
      }
      const upload = await host.does('upload');
      const { gatePath, enclave: number } = (await host.does('initialize', Number(upload))) as {
        gatePath: string;
        enclave: number;
      };
      assert.equal(await host.attempt('remove', gatePath), 'EACCES');
      assert.equal(await host.attempt('write', gatePath), 'ENXIO', 'a socket is no file');
      await host.does('terminate', number);
    });

    test('end an enclave or the platform with a signal', async () => {
      for (const target of targets()) assert.equal(await host.attempt('signal', target, 'SIGKILL'), 'EPERM');
    });
  });

  describe('another host', () => {
    test('cannot connect to the platform socket or the gate of the first, and a stranger to none', async () => {
      await host.does('peer', platform.socketOf(host.user));
      const upload = await host.does('upload');
      const { gatePath, enclave: number } = (await host.does('initialize', Number(upload))) as {
        gatePath: string;
        enclave: number;
      };
      const stranger = await site.host(strangerUser);
      for (const path of [gatePath, platform.socketOf(host.user)]) {
        assert.equal(await other.attempt('open', path), 'EACCES');
        assert.equal(await stranger.attempt('open', path), 'EACCES');
      }
      assert.equal(await stranger.attempt('open', platform.socketOf(other.user)), 'EACCES');
      await stranger.end();
      assert.equal(statSync(gatePath).uid, host.user);
      await host.does('terminate', number);
    });

    test('has an enclave of another user, and neither touches the other or the platform', async () => {
      assert.equal(await other.does('load'), 0);
      const theirs = enclavesOf(platform).find(({ user }) => user !== enclave.user);
      assert.ok(theirs !== undefined && theirs.user >= enclaveUsers.first + 2, 'from the part of its host');
      for (const [from, to] of [
        [enclave.user, theirs.processId],
        [theirs.user, enclave.processId],
        [enclave.user, platform.processId],
        [enclave.user, host.processId],
      ] as const) {
        assert.equal(perlAs(from, attacks.readMemory(to, addressIn(to))), EPERM);
        assert.equal(perlAs(from, attacks.ptrace(to)), EPERM);
        assert.equal(perlAs(from, ['-e', `print kill(9, ${to}) ? "done" : $!+0`]), EPERM);
        assert.equal(perlAs(from, ['-e', `print open(my $f, "<", "/proc/${to}/mem") ? "done" : $!+0`]), '13');
      }
      assert.equal(perlAs(enclave.user, attacks.readMemory(enclave.processId, addressIn(enclave.processId))), 'done');
      for (const each of [host, other]) assert.equal(await each.does('echo', 0, hello), hello);
    });

    test('has users left when the first has none, who gets them back when enclaves end', async () => {
      assert.equal(await host.does('load'), 1);
      assert.equal(await host.attempt('load'), 'PLATFORM_USERS_EXHAUSTED');
      assert.equal(await other.does('load'), 1);
      await host.does('dispose', 1);
      // The kernel may take a moment to take the process away.
      const deadline = performance.now() + 60_000;
      let loaded: unknown = 'PLATFORM_USERS_EXHAUSTED';
      while (loaded === 'PLATFORM_USERS_EXHAUSTED' && performance.now() < deadline) loaded = await host.attempt('load');
      assert.equal(loaded, 2);
      const users = enclavesOf(platform).map(({ user }) => user);
      assert.equal(new Set(users).size, users.length);
      assert.equal(users.length, 4);
    });

    test('cannot have the users of a platform that runs', () => {
      const { code, text } = site.enclos(...site.serveWords());
      assert.notEqual(code, 0);
      assert.match(text, /PLATFORM_USERS_REFUSED/);
    });
  });

  describe('when it ends', () => {
    test('a wrapper of an enclave, the kernel ends the enclave with it', async () => {
      const wrappers = wrappersOf(platform, enclave.processId).length;
      assert.ok(wrappers > 0);
      for (let level = 0; level < wrappers; level++) {
        const [victim] = enclavesOf(platform);
        assert.ok(victim !== undefined);
        // Stopped, it cannot end by itself.
        process.kill(victim.processId, 'SIGSTOP');
        signalTo(wrappersOf(platform, victim.processId)[level], 'SIGKILL');
        await until('the enclave is gone', () => !isRunning(victim.processId));
      }
    });

    test('by SIGKILL, every enclave ends with it, and the next one takes its place', async () => {
      const running = enclavesOf(platform);
      assert.ok(running.length > 1);
      for (const { processId } of running) process.kill(processId, 'SIGSTOP');
      await platform.stop('SIGKILL');
      await until('no enclave is left', () => running.every(({ processId }) => !isRunning(processId)));
      platform = await site.serve();
      assert.equal(readdirSync(platform.runtimeFolder).filter((name) => name.startsWith('enclos-run-')).length, 1);
    });

    test('what was sealed before opens again, for the same enclave', async () => {
      await host.does('connect', platform.socketOf(host.user));
      const loaded = await host.does('load');
      assert.equal(await host.does('unseal', Number(loaded), String(sealed)), hello);
    });

    test('by SIGTERM, nothing is left but the copy of the interpreter, what starts processes beside it, and the state', async () => {
      const processes = enclavesOf(platform);
      assert.equal(processes.length, 1);
      await platform.stop('SIGTERM');
      await until('no enclave is left', () => processes.every(({ processId }) => !isRunning(processId)));
      assert.deepEqual(readdirSync(platform.runtimeFolder), []);
      const kept = readdirSync(site.cache);
      // The stub of SGX images is there where it was built.
      const isStub = (name: string): boolean => /^sgx-stub-[0-9a-f]{32}$/.test(name);
      assert.deepEqual(
        kept.filter((name) => !isInterpreter(name) && !isStub(name)),
        ['enclos-start'],
      );
      assert.equal(kept.filter(isInterpreter).length, 1);
      assert.ok(kept.filter(isStub).length <= 1);
    });
  });
}
