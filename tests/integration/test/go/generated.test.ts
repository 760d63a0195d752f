import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generateGo } from '@enclos/edl-go';
import { everything } from './everything.edl.ts';

/** The file that the program `interfaceprobe` of the Go SDK is built with. */
const committed = new URL('../../../../../sdk/go/internal/interfaceprobe/everything/everything.go', import.meta.url);

test('the generated Go file of the tests is that of their interface', () => {
  assert.equal(readFileSync(committed, 'utf8'), generateGo(everything, { packageName: 'everything' }));
});
