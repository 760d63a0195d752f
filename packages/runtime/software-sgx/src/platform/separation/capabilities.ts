import { EnclosError } from '@enclos/errors';

/** The capabilities that a separated platform uses as root, with their bits (linux/capability.h). */
const needed = { KILL: 5, SETGID: 6, SETUID: 7, SETPCAP: 8 } as const;
/** To give a host that is a user its socket. */
const neededForHostUsers = { CHOWN: 0 } as const;

/**
 * Checks the capabilities of root, which root in a container may lack.
 * @param status the content of /proc/self/status
 * @param hasHostUsers whether some hosts are users of the machine
 * @throws PLATFORM_SEPARATION_UNAVAILABLE naming what is missing
 */
export function requireCapabilities(status: string, hasHostUsers: boolean): void {
  const effective = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const missing = Object.entries({ ...(hasHostUsers ? neededForHostUsers : {}), ...needed })
    .filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n)
    .map(([name]) => name);
  if (missing.length === 0) return;
  throw new EnclosError('PLATFORM_SEPARATION_UNAVAILABLE', `Root lacks the capabilities ${missing.join(', ')} here.`, {
    details: { missing },
  });
}
