import { tmpdir } from 'node:os';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeValue } from '@enclos/edl';
import { loadEnclave, type Enclave } from '@enclos/host';
import { declaredErrors } from '@enclos/errors';
import {
  createWorkshop,
  descendants,
  descriptorCount,
  residentMiB,
  target,
  until,
  type SignedImage,
} from '@enclos/process-kit';
import {
  channelLimits,
  connectSoftwarePlatform,
  enclaveChannel,
  hostChannel,
  MAX_IMAGE_CHUNK_BYTES,
} from '@enclos/tee';
import { tables } from '../gate/conversation.ts';
import { createCounts, type Counts } from '../gate/counts.ts';
import { Finding } from '../gate/finding.ts';
import {
  ask,
  attack,
  greet,
  openSession,
  report,
  talk,
  watchdogMs,
  type Session,
  type Target,
} from '../gate/session.ts';
import { readInterface } from '../gate/shape.ts';
import { Kind, wireFrame } from '../gate/wire.ts';
import { startWatchedPlatform, type WatchedPlatform } from '../lab.ts';
import type { Program, Tally } from '../program.ts';
import { createRandom, type Random } from '../random.ts';

const defaultFrames = 100_000;
const maxFindings = 5;
/** A platform at rest takes about 100 MiB. */
const maxResidentMiB = 400;
/** Every so many connections, one has an image and starts an enclave that nobody connects to. */
const launchesEvery = 8;

const channel = (protocol: typeof hostChannel | typeof enclaveChannel): Target => ({
  grammar: {
    ...tables(readInterface(protocol.describe())),
    codes: new Set(declaredErrors.keys()),
    maxFrameBytes: channelLimits.maxFrameBytes,
  },
  echoes: new Set(),
  endless: new Set(),
  asking: new Set(),
});
const fromHost = channel(hostChannel);
const fromEnclave = channel(enclaveChannel);
const greeting = (protocol: { describe(): string }) =>
  wireFrame({ kind: Kind.HELLO, payload: new TextEncoder().encode(protocol.describe()) });

interface Scene {
  readonly platform: WatchedPlatform;
  readonly random: Random;
  readonly counts: Counts;
  readonly tally: Tally;
  /** An enclave whose whole runtime is replaced by a pipe from its host to its platform. */
  readonly bridge: SignedImage;
  /** An enclave that can be launched. */
  readonly signed: SignedImage;
}

/**
 * Hostile hosts and a hostile enclave against one live platform, half of the frames each, while the enclave of another
 * host is called all the time and must notice nothing.
 */
export const platformLive: Program = async ({ seed, frames: wanted = defaultFrames }, tally) => {
  const workshop = createWorkshop();
  try {
    const platform = await startWatchedPlatform(workshop, 'attacked');
    const [signed, bridge] = await Promise.all([
      workshop.signed('target'),
      workshop.signed('raw', { bootModule: './bridge-boot.ts' }),
    ]);
    const witness = await watch(platform, signed);
    const descriptors = descriptorCount(platform.processId);
    const processes = descendants(platform.processId).length;
    const random = createRandom(seed);
    const sides = [attackAsHost, attackAsEnclave].map((attackOnce) => ({
      attackOnce,
      scene: { platform, signed, bridge, tally, counts: createCounts(), random: createRandom(random.below(2 ** 31)) },
    }));
    await Promise.all(
      sides.map(async ({ attackOnce, scene }) => {
        while (scene.counts.frames < wanted / 2 && tally.failures < maxFindings) await attackOnce(scene);
      }),
    );
    await tally.check('the witness of another host was served all the time', () => witness.stop());
    await tally.check('its descriptors and its processes are gone with those who had them', () =>
      until(
        'they are gone',
        () => descriptorCount(platform.processId) <= descriptors && descendants(platform.processId).length <= processes,
        watchdogMs,
      ),
    );
    await witness.end();
    await platform.close();
    await tally.check('the platform complained of nothing', () => {
      if (platform.complaints() !== '') throw new Finding(platform.complaints());
    });
    const [host, enclave] = sides.map(({ scene }) => scene.counts.text());
    process.stdout.write(`hosts: ${host}\nenclave: ${enclave}\nwitness: ${witness.text()}\n`);
  } finally {
    await workshop.close();
  }
};

/** One connection of a host, from its greeting to its end. */
async function attackAsHost(scene: Scene): Promise<void> {
  const { counts, random, platform } = scene;
  const socket = await connected(platform.socketPath);
  const session = openSession(socket, fromHost, { random, counts });
  await attacked(scene, session, async () => {
    await greet(session, greeting(hostChannel));
    if (counts.opened % launchesEvery === 0) await launchHalfway(session, scene.signed);
    await talk(session, 2 + random.below(6), () => look(scene));
    await ask(session, indexOf(fromHost, 'describe'));
    await attack(session);
  });
}

/** One life of an enclave that says to its platform what we say to it. */
async function attackAsEnclave(scene: Scene): Promise<void> {
  const { counts, random, platform } = scene;
  const launched = await platform.launcher.launch({ ...scene.bridge, debug: false, isolation: 'best' });
  const session = openSession(launched.gate, fromEnclave, { random, counts });
  await attacked(scene, session, async () => {
    await greet(session, greeting(enclaveChannel));
    await talk(session, 8 + random.below(16), () => look(scene));
    await ask(session, indexOf(fromEnclave, 'quotingTarget'));
    await attack(session);
    session.mover.conversation.destroy();
    const { detail } = await launched.exited;
    counts.end(detail);
    const isKnown = /^The enclave (?:was ended by SIGKILL|ended with its host)\.$/.test(detail);
    if (!isKnown) throw new Finding(detail);
  });
  await launched.terminate();
}

async function attacked({ counts, tally }: Scene, session: Session, work: () => Promise<void>): Promise<void> {
  counts.opened += 1;
  try {
    await work();
    tally.pass();
  } catch (error) {
    tally.fail(`connection ${counts.opened}, ${report(session, error)}`);
  }
  session.mover.conversation.destroy();
}

function look({ platform, counts }: Scene): void {
  const resident = residentMiB(platform.processId);
  counts.residentMiB('platform', resident);
  if (platform.exitCode() !== null) throw new Finding(`The platform ended with ${String(platform.exitCode())}.`);
  if (resident > maxResidentMiB) throw new Finding(`The platform takes ${resident.toFixed(0)} MiB.`);
}

function indexOf({ grammar }: Target, name: string): { readonly index: number } {
  return { index: grammar.offered[0]?.find((shape) => shape.name === name)?.index ?? 0 };
}

/** A whole image and EINIT, by hand: the uploads of a connection are numbered from 1. */
async function launchHalfway(session: Session, { image, signature }: SignedImage): Promise<void> {
  const { create, add, initialize } = hostChannel.trusted;
  const upload = 1;
  const created = encodeValue(create.parameters, { imageBytes: image.length });
  await ask(session, { ...indexOf(fromHost, 'create'), payload: created });
  for (let at = 0; at < image.length; at += MAX_IMAGE_CHUNK_BYTES) {
    const chunk = image.subarray(at, at + MAX_IMAGE_CHUNK_BYTES);
    await ask(session, { ...indexOf(fromHost, 'add'), payload: encodeValue(add.parameters, { upload, chunk }) });
  }
  const launch = { upload, signature, debug: false, isolation: 'best' } as const;
  await ask(session, { ...indexOf(fromHost, 'initialize'), payload: encodeValue(initialize.parameters, launch) });
}

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

interface Witness {
  /** @throws Finding when it was not served. */
  stop(): Promise<void>;
  end(): Promise<void>;
  text(): string;
}

/** An enclave of another host, called without a pause worth the name. */
async function watch(platform: WatchedPlatform, signed: SignedImage): Promise<Witness> {
  const launcher = await connectSoftwarePlatform(platform.socketPath);
  const enclave: Enclave<(typeof target)['trusted']> = await loadEnclave({
    ...signed,
    launcher,
    interface: target,
    isolation: 'best',
    listen: { echo: { port: 0 }, mute: { port: 0 } },
    mounts: { '/state': tmpdir() },
    trustedFiles: { '/models/trusted.txt': '/nonexistent' },
    untrusted: { give: () => ({ name: 'one' as const, leaves: [] }), nest: () => 0 },
  });
  const stop = new AbortController();
  let calls = 0;
  let slowestMs = 0;
  const serve = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const started = performance.now();
      const { short } = await enclave.call.texts({ short: 'here', long: String(calls) }, { timeoutMs: watchdogMs });
      await launcher.describe();
      if (short !== 'here') throw new Finding('It was given something else.');
      slowestMs = Math.max(slowestMs, performance.now() - started);
      calls += 1;
      await sleep(20);
    }
  };
  const served = serve();
  served.catch(() => undefined);
  return {
    stop() {
      stop.abort();
      return served;
    },
    async end() {
      await enclave.dispose();
      await launcher.close();
    },
    text: () => `${calls} calls to the enclave and to the platform, the slowest two ${slowestMs.toFixed(0)} ms`,
  };
}
