import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLeafUsage } from '../src/x509/chain-rules.ts';
import { boolean } from './der-writer.ts';
import { basicConstraints, keyUsage, type ExtensionSpec } from './synthetic-pki.ts';

const check = (...extensions: readonly ExtensionSpec[]): boolean =>
  checkLeafUsage({ extensions: new Map(extensions.map(({ id, value }) => [id, value])) });

const leaves: readonly (readonly [what: string, isLeaf: boolean, extensions: readonly ExtensionSpec[]])[] = [
  ['that says nothing', true, []],
  ['that says that it is no authority', true, [basicConstraints([])]],
  ['that is an authority', false, [basicConstraints([boolean(true)])]],
  ['with constraints that are none', false, [{ id: '2.5.29.19', value: Uint8Array.of(5, 0) }]],
  ['for signing data', true, [keyUsage('0780')]],
  ['for signing data, with a bit more than it needs', true, [keyUsage('0680')]],
  ['for signing data and certificates', false, [keyUsage('0284')]],
  ['for signing certificates alone', false, [keyUsage('0204')]],
  ['for agreeing on keys', false, [keyUsage('0308')]],
  ['for nothing', false, [keyUsage('00')]],
];

for (const [what, isLeaf, extensions] of leaves) {
  test(`a certificate ${what} is ${isLeaf ? 'taken' : 'not taken'} as a leaf of AMD`, () => {
    assert.equal(check(...extensions), isLeaf);
  });
}
