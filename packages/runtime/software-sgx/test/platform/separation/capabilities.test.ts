import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireCapabilities } from '../../../src/platform/separation/capabilities.ts';

const status = (effective: string): string => `Name:\tnode\nCapPrm:\tffff\nCapEff:\t${effective}\nCapBnd:\tffff\n`;

test('root with everything, root in a container, and root with what is needed may separate', () => {
  for (const effective of ['000001ffffffffff', '00000000a80425fb', '00000000000001e1']) {
    requireCapabilities(status(effective), true);
  }
});

test('root without CHOWN may separate where no host is a user', () => {
  requireCapabilities(status('00000000000001e0'), false);
});

test('root who lacks one is refused, and hears which', () => {
  const lacking: readonly [effective: string, hasHostUsers: boolean, missing: readonly string[]][] = [
    ['00000000000001e0', true, ['CHOWN']],
    ['00000000000001c0', false, ['KILL']],
    ['00000000000001a0', false, ['SETGID']],
    ['0000000000000160', false, ['SETUID']],
    ['00000000000000e0', false, ['SETPCAP']],
    ['0000000000000000', false, ['KILL', 'SETGID', 'SETUID', 'SETPCAP']],
    ['0000000000000000', true, ['CHOWN', 'KILL', 'SETGID', 'SETUID', 'SETPCAP']],
  ];
  for (const [effective, hasHostUsers, missing] of lacking) {
    const refused = { code: 'PLATFORM_SEPARATION_UNAVAILABLE', details: { missing } };
    assert.throws(() => requireCapabilities(status(effective), hasHostUsers), refused);
  }
  assert.throws(() => requireCapabilities('', true), { code: 'PLATFORM_SEPARATION_UNAVAILABLE' });
});
