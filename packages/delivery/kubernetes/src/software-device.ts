import { parseQuantity } from '@enclos/kubernetes-schema/quantity';

/** The device of the node agent. */
export const softwareResource = 'enclos.dev/software-sgx';

/** What lint, deploy, the webhook, the policy and the agent say of a container that asks for more. */
export const oneDeviceOnly = `A container has at most one ${softwareResource}: one serves all of its enclaves.`;

/**
 * Whether an amount of the software device is one that no container gets.
 * @param amount a quantity; what is not a quantity is left to the API server
 */
export function isTooManyDevices(amount: string | number): boolean {
  return (parseQuantity(String(amount))?.integer ?? 0n) > 1n;
}
