import { MemoryStore } from '@enclos/testkit';
import type { Protection } from '../../src/state/index.ts';
import { sealedProtection, openTestState, type TestState, type TestStateOptions } from '../records.ts';
import type { TestDocument } from '../document.ts';
import { appraiserOn, configurationDigest, issuer, platformOf, sealingOf, signedReplica } from '../replicas.ts';

/** A clock that moves when it is told to. */
export class Clock {
  ms = 1_000_000;
  readonly now = (): number => this.ms;
}

export interface Scene {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly open: (options?: Partial<TestStateOptions>) => Promise<TestState>;
}

/** A store with replicas that share one key to seal, which an embedded store has and a test of the rules may have. */
export function sealedScene(protection: Protection = sealedProtection(sealingOf())): Scene {
  return sceneWith(() => Promise.resolve(protection));
}

/** Each replica has a record key of its own, with evidence. */
async function signedScene(): Promise<Scene> {
  const appraise = appraiserOn(await platformOf());
  return sceneWith(() => signedReplica(appraise));
}

export const scenes: readonly (readonly [string, () => Promise<Scene>])[] = [
  ['sealed', async () => sealedScene()],
  ['signed', signedScene],
];

function sceneWith(protectionOf: () => Promise<Protection>): Scene {
  const store = new MemoryStore();
  const clock = new Clock();
  let replicas = 0;
  const open = async (options: Partial<TestStateOptions> = {}): Promise<TestState> =>
    openTestState({
      store: store.functions,
      protection: await protectionOf(),
      issuer,
      configurationDigest,
      replica: `replica-${++replicas}`,
      nowMs: clock.now,
      ...options,
    });
  return { store, clock, open };
}

export const certificate = (text: string): string => Buffer.from(text).toString('base64');

/** A change that nothing else makes: a certificate of this text is added. */
export function adding(text: string): (document: TestDocument) => TestDocument {
  return (document) => ({ ...document, items: [...document.items, certificate(text)] });
}
