/** The name of the driver, of its class of devices, and of its sockets. */
export const driverName = 'software-sgx.enclos.dev';

/** The API server takes so many devices in one slice. */
export const maxDraDevices = 128;

export function deviceName(index: number): string {
  return `software-sgx-${index}`;
}

/** @returns undefined for a name that none of `count` devices has */
export function deviceIndex(name: string, count: number): number | undefined {
  const [, digits] = /^software-sgx-(0|[1-9]\d{0,2})$/.exec(name) ?? [];
  return digits === undefined || Number(digits) >= count ? undefined : Number(digits);
}
