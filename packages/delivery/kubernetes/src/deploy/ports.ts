import type { EnclaveListener } from './pod.ts';

const longestName = 15;

/**
 * The ports of a pod for the listeners of an enclave. Names of ports have 15 letters at most in Kubernetes, and 63 in enclave.json; names that are
 * the same after that get a number.
 */
export function portsOf(listeners: readonly EnclaveListener[]): { readonly name: string; readonly port: number }[] {
  const taken = new Set<string>();
  return listeners.map(({ name, port }) => {
    let short = shortened(name, longestName);
    for (let count = 2; taken.has(short); count += 1) short = `${shortened(name, longestName - 3)}-${count}`;
    taken.add(short);
    return { name: short, port };
  });
}

/** @returns the beginning of a name, without hyphens at its end. */
export function shortened(name: string, length: number): string {
  return name.slice(0, length).replace(/-+$/, '');
}
