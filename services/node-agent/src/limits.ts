/** The most devices of one kind that a node may have. */
export const maxDevices = 1024;
