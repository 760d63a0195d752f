import { EnclosError } from '@enclos/errors';

/** The capabilities that a separated platform uses as root, with their bits (linux/capability.h). */
const needed = { CHOWN: 0, KILL: 5, SETGID: 6, SETUID: 7, SETPCAP: 8 } as const;

/**
 * Checks the capabilities of root, which root in a container may lack.
 * @param status the content of /proc/self/status
 * @throws PLATFORM_SEPARATION_UNAVAILABLE naming what is missing
 */
export function requireCapabilities(status: string): void {
  const effective = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const missing = Object.entries(needed)
    .filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n)
    .map(([name]) => name);
  if (missing.length === 0) return;
  throw new EnclosError('PLATFORM_SEPARATION_UNAVAILABLE', `Root lacks the capabilities ${missing.join(', ')} here.`, {
    details: { missing },
  });
}
