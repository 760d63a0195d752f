import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isMutable, parseImageReference } from '../../src/lint/image-reference.ts';

const digest = `sha256:${'a1'.repeat(32)}`;

describe('parseImageReference()', () => {
  for (const text of [
    'node',
    'library/node:20.1-slim',
    'localhost:5000/app',
    'Registry.Example/team/app__x.y-z:V1',
    `registry.example/app@${digest}`,
    `registry.example/app:1.0@${digest}`,
    '[::1]:5000/app:1',
  ]) {
    it(`takes ${text.slice(0, 40)}`, () => assert.notEqual(parseImageReference(text), undefined));
  }

  for (const text of [
    '',
    'App',
    'https://registry.example/app',
    'registry.example/app:',
    'registry.example//app',
    'app:-tag',
    'app@sha256:abc',
    `app@sha256:${'A1'.repeat(32)}`,
    'app latest',
    '-app',
    'a/'.repeat(300),
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => assert.equal(parseImageReference(text), undefined));
  }

  it('tells parts, and what may move', () => {
    const reference = parseImageReference(`localhost:5000/app:1.0@${digest}`);
    assert.deepEqual(reference, { name: 'localhost:5000/app', tag: '1.0', digest });
    const movable = ['app', 'app:latest', 'app:Nightly', 'app:1.0', `app@${digest}`, `app:latest@${digest}`].map(
      (text) => {
        const parsed = parseImageReference(text);
        return parsed !== undefined && isMutable(parsed);
      },
    );
    assert.deepEqual(movable, [true, true, true, false, false, false]);
  });
});
