const relayedImage = 'run its relayed image (`enclos build --relayed`), which has its own MRENCLAVE';

/**
 * What to do about an enclave whose connections must be passed and cannot be (STREAM_TRANSPORT_UNAVAILABLE), by what stands in
 * the way. The code's own advice is for processes that do not know it.
 */
export const passingAdvice = Object.freeze({
  /** The platform relays all connections. */
  platform: `Run it on software SGX, or ${relayedImage}.`,
  /** The host lets connections come from, or go to, the path of a Unix socket. */
  unixSocket: `Give the listener or the destination a port in place of a path, or ${relayedImage}.`,
  /** The host's process cannot pass sockets. */
  process: `Run the host program with --allow-child-process, or without the permission model of Node. Or ${relayedImage}.`,
  /** The host does not say that it can pass sockets. */
  host: `Load it with the host SDK of the platform's version, which passes sockets. Or ${relayedImage}.`,
  /** The system call filter of this machine is missing. */
  filter: `Read in \`enclos doctor\` how this machine gets the layer seccomp, or ${relayedImage}.`,
  /** A passed socket does not arrive on this machine. */
  trial: `Read in \`enclos doctor\` what was tried, and look for refused descriptors in the log of SELinux or AppArmor. Or ${relayedImage}.`,
} as const);
