import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { loadEnclave, runProgram, type Enclave } from '@enclos/host';
import { createWorkshop, descendants, flipped, outcome, seededNumbers } from '@enclos/process-kit';
import { encodeManifest } from '@enclos/manifest';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { nativeTest, programFile, programSegments, until } from '@enclos/testkit';
import { probeImage, probeInterface, programInterface, type ProbeVariant } from './probe-image.ts';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
before(async () => {
  platform = await workshop.startPlatform('programs');
});
after(() => workshop.close());

type Probe = Enclave<(typeof probeInterface)['trusted']>;

async function load(variant: ProbeVariant = {}): Promise<Probe> {
  const { image, signature } = probeImage(variant);
  return loadEnclave({ image, signature, interface: probeInterface, untrusted: {}, launcher: platform });
}

async function withProbe<R>(
  variant: ProbeVariant,
  use: (ask: (command: string) => Promise<string>, probe: Probe) => Promise<R>,
): Promise<R> {
  const probe = await load(variant);
  try {
    return await use((command) => probe.call.ask({ command }), probe);
  } finally {
    await probe.dispose();
  }
}

/** The copies of programs that are there. */
function copies(): readonly string[] {
  return readdirSync(dirname(platform.socketPath)).filter((name) => name.startsWith('p-'));
}

/** Neither a process nor a file. The platform removes files beside its other work. */
async function nothingIsLeft(): Promise<void> {
  await until('no process and no file is left', () => descendants(platform.processId).length + copies().length === 0);
}

describe('a program as an enclave', () => {
  nativeTest('has its name, its arguments, its measured variables, and no others', async () => {
    const environment = [
      { name: 'MODE', value: 'a b' },
      { name: 'LD_PRELOAD', value: '/tmp/x.so' },
      { name: 'EMPTY', value: '' },
      { name: 'OPEN' },
    ];
    await withProbe({ manifest: { environment } }, async (ask, probe) => {
      const [name, mode] = (await ask('args')).split('\n');
      assert.deepEqual([name, mode], ['probe', 'serve']);
      assert.equal(await ask('env'), 'MODE=a b\nLD_PRELOAD=/tmp/x.so\nEMPTY=\n');
      assert.equal(probe.identity.debug, false);
      const active = probe.isolation.map((layer) => [layer.name, layer.active]);
      assert.deepEqual(active[0], ['program', true]);
      assert.ok(!active.some(([layer]) => layer === 'interpreter' || layer === 'authority'));
    });
  });

  nativeTest('gets what the manifest takes from the host with the call that starts it', async () => {
    const { image, signature } = probeImage({
      manifest: { environment: [{ name: 'OPEN' }, { name: 'EDG_*' }, { name: 'EDG_FIXED', value: '1' }] },
    });
    const probe = await loadEnclave({
      image,
      signature,
      interface: probeInterface,
      untrusted: {},
      launcher: platform,
      environment: {
        OPEN: 'yes',
        OTHER: 'no',
        EDG_MORE: 'more',
        EDG_FIXED: 'no',
        EDG_: 'no',
        'EDG_A.B': 'no',
        'EDG_*': 'no',
      },
    });
    const host = await probe.call.ask({ command: 'host' });
    await probe.dispose();
    assert.match(host, /OPEN.yes/);
    assert.match(host, /EDG_MORE.more/);
    assert.doesNotMatch(host, /no/);
  });

  nativeTest('reads its manifest and its files, and not itself, from the boot pipe', async () => {
    const { manifest } = probeImage();
    const answer = await withProbe({}, (ask) => ask('boot'));
    // One file: count, lengths of path and content, path, content.
    assert.equal(answer, `${encodeManifest(manifest).length} 0 ${4 + 2 + 9 + 4 + 5} `);
  });

  nativeTest('has these descriptors', async () => {
    assert.equal(await withProbe({}, (ask) => ask('descriptors')), '0 1 2 3 4 ');
  });

  nativeTest('has memory for its heap and 64 MiB, and threads as its manifest says', async () => {
    await withProbe({ manifest: { threads: 3 } }, async (ask) => {
      const memory = Number(await ask('memory 200'));
      assert.ok(memory > 60 && memory <= 80, `${memory} MiB`);
    });
    const threads = Number(
      await withProbe({ manifest: { threads: 3, heapSizeBytes: 64n << 20n } }, (ask) => ask('threads 200')),
    );
    assert.ok(threads > 40 && threads < 67, `${threads} threads`);
  });

  nativeTest('is refused what programs are refused', async () => {
    await withProbe({}, async (ask) => {
      for (const [call, error] of [
        ['41,2,1,0', -1],
        ['257,-100,s/etc/passwd,0', -2],
        ['9,0,4096,7,0x22,-1,0', -1],
        ['57', -1],
      ] as const) {
        assert.equal(await ask(`call ${call}`), String(error), call);
      }
    });
  });

  nativeTest('tells its host its lines', async () => {
    const lines: string[] = [];
    const { image, signature } = probeImage();
    const probe = await loadEnclave({
      image,
      signature,
      interface: probeInterface,
      untrusted: {},
      launcher: platform,
      onLog: (_level, text) => lines.push(text),
    });
    await probe.call.ask({ command: 'log one line' });
    await probe.dispose();
    assert.deepEqual(lines, ['one line']);
  });

  nativeTest('leaves no copy of its file once it runs', async () => {
    await withProbe({}, async (ask) => {
      await ask('args');
      // The platform hears the greeting by itself, and not from this call.
      await until('the copy is removed', () => copies().length === 0);
    });
  });

  nativeTest('says in a debug enclave what it wrote when it ended, and in no other', async () => {
    for (const debug of [true, false]) {
      const probe = await load({ manifest: { debug } });
      await probe.call.ask({ command: 'say the last words\n' });
      await assert.rejects(probe.call.ask({ command: 'end 2' }), { code: 'ENCLAVE_LOST' });
      const { exitCode, detail } = await probe.exited;
      assert.equal(exitCode, 2);
      assert.match(detail, /^The program ended with code 2, as programs in Go do/);
      assert.equal(detail.includes('the last words'), debug);
      await probe.dispose();
    }
  });

  for (const [what, command, detail] of [
    ['that crashes', 'crash', /^The program was ended by SIGSEGV\./],
    ['that closes its gate', 'call 3,3', /^The program was ended by SIGSYS: it closed the connection to its host/],
    ['that closes the channel of its platform', 'call 3,4', /^The program was ended by SIGSYS/],
    ['that ends', 'end 0', /^The program ended\.$/],
    ['that ends with a code', 'end 9', /^The program ended with code 9\.$/],
  ] as const) {
    nativeTest(`${what} has an end that says so`, async () => {
      const probe = await load();
      await assert.rejects(probe.call.ask({ command }), { code: 'ENCLAVE_LOST' });
      assert.match((await probe.exited).detail, detail);
    });
  }

  nativeTest('that never greets is ended after 10 s, with a reason', async () => {
    const { image, signature } = probeImage({ arguments: ['silent'] });
    const loading = loadEnclave({ image, signature, interface: probeInterface, untrusted: {}, launcher: platform });
    await assert.rejects(
      loading,
      (error) => isEnclosError(error, 'ENCLAVE_START_FAILED') && /never greeted/.test(error.message),
    );
    await nothingIsLeft();
  });

  nativeTest('that ends before it greets says with which code', async () => {
    const { image, signature } = probeImage({ arguments: ['end', '7'] });
    const loading = loadEnclave({ image, signature, interface: probeInterface, untrusted: {}, launcher: platform });
    await assert.rejects(
      loading,
      (error) => isEnclosError(error, 'ENCLAVE_START_FAILED') && /ended with code 7/.test(error.message),
    );
    await nothingIsLeft();
  });
});

describe('a program without an interface', () => {
  nativeTest('runs until it is disposed of', async () => {
    const { image, signature } = probeImage({ interface: programInterface });
    const program = await runProgram({ image, signature, launcher: platform });
    assert.equal(program.manifest.name, 'probe');
    await program.dispose();
    await program.exited;
    await nothingIsLeft();
  });

  nativeTest('is not one that has an interface, and not a script', async () => {
    const { image, signature } = probeImage();
    await assert.rejects(runProgram({ image, signature, launcher: platform }), { code: 'HOST_INTERFACE_MISMATCH' });
    const script = await workshop.signed('probe');
    await assert.rejects(runProgram({ ...script, launcher: platform }), { code: 'HOST_INTERFACE_MISMATCH' });
  });
});

describe('the platform refuses', () => {
  const launched = (variant: ProbeVariant): Promise<string> => {
    const { image, signature, manifest } = probeImage(variant);
    return outcome(
      platform
        .launch({ image, signature, debug: manifest.debug, isolation: 'best' })
        .then((enclave) => enclave.terminate()),
    );
  };
  const { code, data, stack } = programSegments;

  nativeTest('a program that breaks a rule', async () => {
    for (const bytes of [
      new Uint8Array(),
      Buffer.from('(() => undefined)'),
      programFile({ segments: [code, data, stack, { type: 3, flags: 4, offset: 64, sizeBytes: 4 }] }),
      programFile({ segments: [code, { ...data, flags: 7 }, stack] }),
      programFile({ machine: 183 }),
    ]) {
      assert.equal(await launched({ bytes }), 'PROGRAM_REFUSED');
    }
  });

  nativeTest('a program of another machine', async () => {
    assert.equal(await launched({ program: { architecture: 'linux-arm64' } }), 'PROGRAM_EXECUTION_UNAVAILABLE');
  });

  nativeTest('flipped bits of the program', async (t) => {
    const seed = Date.now() % 1e9;
    t.diagnostic(`seed ${seed}`);
    const next = seededNumbers(seed);
    const { image, signature } = probeImage();
    for (let round = 0; round < 300; round++) {
      const changed = flipped(image, next(image.length), 1 << next(8));
      const launch = platform.launch({ image: changed, signature, debug: false, isolation: 'best' });
      assert.match(await outcome(launch.then((enclave) => enclave.terminate())), /^(?:SGXS_INVALID|LAUNCH_\w+)$/);
    }
    await nothingIsLeft();
  });

  nativeTest('an inspector for a program', async () => {
    const { image, signature } = probeImage({ manifest: { debug: true } });
    const launch = platform.launch({ image, signature, debug: true, isolation: 'best', inspector: true });
    assert.equal(await outcome(launch.then((enclave) => enclave.terminate())), 'LAUNCH_INSPECTOR_REFUSED');
  });
});
