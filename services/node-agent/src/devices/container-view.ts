/** Where a container finds the folder of its device. */
export const mountPoint = '/run/enclos';

/** The variable that names the socket in it, for the host SDK. */
export const socketVariable = 'ENCLOS_PLATFORM';

export const mountedSocket = `${mountPoint}/platform.sock`;
