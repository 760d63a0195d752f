import { printable, type Printer } from '@enclos/command-line';
import type { PlatformDescription } from '@enclos/tee';

/** Says what the platform is worth. */
export function platformBanner({ layers }: Pick<PlatformDescription, 'layers'>, notes: Printer): void {
  const missing = layers.filter(({ active }) => !active).map(({ name }) => name);
  const isolation = missing.length === 0 ? 'isolation complete' : `isolation without ${missing.join(', ')}`;
  notes.line(
    `${notes.paint('yellow', 'SIMULATION')} software platform: the rules of SGX, not confidentiality against this machine's owner; ${printable(isolation)}`,
  );
}
