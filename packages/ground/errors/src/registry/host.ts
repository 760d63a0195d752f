import type { ErrorArea } from './kinds.ts';

export const hostErrors = {
  ENCLAVE_LOST: {
    kind: 'lost',
    summary: 'The enclave is gone.',
    next: 'Load it again; what it had not sealed and stored is lost.',
  },
  ENCLAVE_RESTARTING: {
    kind: 'transient',
    summary: 'The enclave is down and its supervisor is starting it again. The call was not made.',
    next: 'Call again in a moment, or let calls wait with `waitMs`.',
  },
  ENCLAVE_CRASH_LOOP: {
    kind: 'lost',
    summary: 'The enclave ended again and again, so its supervisor gave up.',
    next: 'Read why it ended in the log, mend that, and load it again; `restart` says how often is too often.',
  },
  ENCLAVE_IDENTITY_CHANGED: {
    kind: 'evidence',
    summary: 'The enclave that was started again is not the one that ran before.',
    next: 'Do not use it: somebody exchanged the image, or the platform.',
  },
  HOST_CALL_FAILED: {
    kind: 'refused',
    summary: 'The untrusted function failed on the host.',
    next: "Read the host's log.",
  },
  HOST_OPTION_INVALID: {
    kind: 'usage',
    summary: 'An option of the host SDK is out of range.',
    next: 'Correct the named option.',
  },
  HOST_STORAGE_FULL: {
    kind: 'transient',
    summary: 'There is no space for the file on the disk of the host.',
    next: 'Free space where the mount is, then write again; the file has the content that it had.',
  },
  HOST_INTERFACE_MISMATCH: {
    kind: 'usage',
    summary: 'The host and the image were built with different interfaces.',
    next: 'Build the image again from the interface module that the host imports.',
  },
  HOST_ENVIRONMENT_MISSING: {
    kind: 'usage',
    summary: 'The host program was not started by `enclos run`, or a variable of it is wrong.',
    next: 'Start it with `enclos run`, or pass image, signature and launcher to loadEnclave yourself.',
  },
  HOST_MOUNT_REFUSED: {
    kind: 'usage',
    summary: 'The mount or file is not available on the host.',
    next: 'Give loadEnclave a folder or file for each mount, trusted file and host variable that the manifest declares.',
  },
} as const satisfies ErrorArea;
