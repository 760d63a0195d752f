import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createBodyRoom, type BodyRoom, type BodyShare } from '../src/index.ts';

const maxBytes = 4000;
/** Half of 4000 bytes among five bodies. */
const ownBytes = 400;

interface Body {
  readonly share: BodyShare;
  readonly peer: string;
  bytes: number;
  fate: 'receiving' | 'complete' | 'evicted' | 'over';
}

type Step =
  | { readonly kind: 'begin'; readonly peer: string }
  | { readonly kind: 'take'; readonly body: number; readonly bytes: number }
  | { readonly kind: 'complete' | 'release'; readonly body: number }
  | { readonly kind: 'pass'; readonly ms: number };

const body = fc.nat(12);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('begin' as const),
      peer: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3', ''),
    }),
    fc.record({ kind: fc.constant('take' as const), body, bytes: fc.integer({ min: 1, max: 1500 }) }),
    fc.record({ kind: fc.constantFrom('complete' as const, 'release' as const), body }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3000) }),
  ),
  { maxLength: 80 },
);

class Model {
  readonly bodies: Body[] = [];
  #now = 0;
  readonly room: BodyRoom = createBodyRoom({ maxBytes, maxBodies: 5, minBytesPerSecond: 100, now: () => this.#now });

  run(step: Step): void {
    if (step.kind === 'pass') this.#now += step.ms;
    else if (step.kind === 'begin') this.#begin(step.peer);
    else this.#use(step);
  }

  heldBytes(): number {
    return this.bodies.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  live(): readonly Body[] {
    return this.bodies.filter(({ fate }) => fate === 'receiving' || fate === 'complete');
  }

  #begin(peer: string): void {
    const onEvicted = (): void => {
      assert.equal(made.fate, 'receiving');
      Object.assign(made, { fate: 'evicted', bytes: 0 });
    };
    const made: Body = { share: this.room.share({ peer, onEvicted }), peer, bytes: 0, fate: 'receiving' };
    this.bodies.push(made);
  }

  #use(step: Exclude<Step, { readonly kind: 'begin' | 'pass' }>): void {
    const used = this.bodies[step.body];
    if (used === undefined) return;
    if (step.kind === 'take') {
      if (used.fate === 'complete') return;
      this.#take(used, step.bytes);
    } else if (step.kind === 'complete' && used.fate === 'receiving') {
      used.share.complete();
      used.fate = 'complete';
    } else if (step.kind === 'release') {
      used.share.release();
      if (used.fate !== 'evicted') Object.assign(used, { fate: 'over', bytes: 0 });
    }
  }

  #take(used: Body, bytes: number): void {
    const isOwn = used.fate === 'receiving' && used.bytes + bytes <= ownBytes && this.live().length <= 5;
    const isTaken = used.share.take(bytes);
    if (isOwn) assert.ok(isTaken, 'each body has reserved room');
    if (used.fate !== 'receiving') assert.ok(!isTaken, 'a body that is over takes nothing');
    if (isTaken) used.bytes += bytes;
  }
}

describe('the room of bodies', () => {
  test('is never exceeded, counts what bodies have, and always has the own part of each', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const model = new Model();
        for (const step of all) {
          model.run(step);
          assert.equal(model.room.heldBytes, model.heldBytes());
          assert.ok(model.room.heldBytes <= maxBytes);
        }
        for (const { share } of model.bodies) share.release();
        assert.equal(model.room.heldBytes, 0);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses what does not fit even into all of it, and evicts none for it', () => {
    const room = createBodyRoom({ maxBytes, maxBodies: 5, minBytesPerSecond: 100, now: () => 0 });
    let evicted = 0;
    const share = (): BodyShare => room.share({ peer: '', onEvicted: () => (evicted += 1) });
    assert.ok(share().take(1000));
    assert.ok(!share().take(maxBytes));
    assert.deepEqual([evicted, room.heldBytes], [0, 1000]);
  });

  test('looks at the clock once for each take, and at the others once for each that has to go', () => {
    let looks = 0;
    const now = (): number => {
      looks += 1;
      return 0;
    };
    const room = createBodyRoom({ maxBytes, maxBodies: 5, minBytesPerSecond: 100, now });
    const [first, second] = [1, 2].map(() => room.share({ peer: '', onEvicted: () => assert.fail('not slow') }));
    for (let i = 0; i < 2400; i++) assert.ok(first?.take(1));
    assert.equal(looks, 2400);
    for (let i = 0; i < 400; i++) assert.ok(second?.take(1));
    assert.ok(second?.take(1) === false);
    assert.equal(looks, 2802);
  });
});
