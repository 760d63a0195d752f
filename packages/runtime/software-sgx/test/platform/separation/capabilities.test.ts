import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireCapabilities } from '../../../src/platform/separation/capabilities.ts';

const status = (effective: string): string => `Name:\tnode\nCapPrm:\tffff\nCapEff:\t${effective}\nCapBnd:\tffff\n`;

test('root with everything, root in a container, and root with what is needed may separate', () => {
  for (const effective of ['000001ffffffffff', '00000000a80425fb', '00000000000001e1']) {
    requireCapabilities(status(effective));
  }
});

test('root who lacks one is refused, and hears which', () => {
  const lacking: readonly [effective: string, missing: readonly string[]][] = [
    ['00000000000001e0', ['CHOWN']],
    ['00000000000001c1', ['KILL']],
    ['00000000000001a1', ['SETGID']],
    ['0000000000000161', ['SETUID']],
    ['00000000000000e1', ['SETPCAP']],
    ['0000000000000000', ['CHOWN', 'KILL', 'SETGID', 'SETUID', 'SETPCAP']],
  ];
  for (const [effective, missing] of lacking) {
    const refused = { code: 'PLATFORM_SEPARATION_UNAVAILABLE', details: { missing } };
    assert.throws(() => requireCapabilities(status(effective)), refused);
  }
  assert.throws(() => requireCapabilities(''), { code: 'PLATFORM_SEPARATION_UNAVAILABLE' });
});
