import type { ErrorArea } from './kinds.ts';

export const platformErrors = {
  LAUNCH_IMAGE_REFUSED: {
    kind: 'refused',
    summary: 'The platform refuses the enclave layout: size, page, attribute or configuration.',
    next: 'Build the image again with `enclos build`; details name the rule.',
  },
  LAUNCH_MEASUREMENT_MISMATCH: {
    kind: 'evidence',
    summary: 'The image is not the one that was signed: MRENCLAVE differs from the signed ENCLAVEHASH.',
    next: 'Take the image and the signature from the same build; if they are, the image was changed.',
  },
  LAUNCH_ATTRIBUTES_REFUSED: {
    kind: 'refused',
    summary: 'The signature, or the platform, does not permit the attributes of this launch.',
    next: 'Compare the signed attributes and masks with the launch options; details name the rule.',
  },
  LAUNCH_DEBUG_REFUSED: {
    kind: 'refused',
    summary: 'The launch mode (debug or production) is not the one that the signature permits.',
    next: 'Load a production signature without debug, or sign a debug build.',
  },
  LAUNCH_INSPECTOR_REFUSED: {
    kind: 'refused',
    summary: 'Only a debug enclave has an inspector.',
    next: 'Build and sign a debug enclave, as `enclos debug` does; a production enclave is never inspected.',
  },
  ENCLAVE_REMOVED: {
    kind: 'lost',
    summary: 'The enclave was removed, or this CPU never loaded it.',
    next: 'Load the enclave again.',
  },
  KEY_REQUEST_INVALID: {
    kind: 'usage',
    summary: 'The key request is malformed or sets bits that this enclave may not use.',
    next: 'Check the key request; policy bits from NOISVPRODID up need an enclave that is signed with KSS.',
  },
  KEY_NOT_PERMITTED: {
    kind: 'refused',
    summary: 'The enclave may not ask for a key of this name.',
    next: 'Ask for a SEAL or REPORT key; the others belong to platform enclaves.',
  },
  KEY_SVN_TOO_NEW: {
    kind: 'refused',
    summary: 'The key belongs to a newer security version of the enclave.',
    next: 'Run the newer enclave; an older one cannot get the keys of a newer one.',
  },
  KEY_CPUSVN_TOO_NEW: {
    kind: 'refused',
    summary: 'The key belongs to a newer platform security version (CPUSVN).',
    next: 'Update the platform to at least the CPUSVN that made the key.',
  },
  KEY_CONFIGSVN_TOO_NEW: {
    kind: 'refused',
    summary: 'The key belongs to a newer configuration security version.',
    next: 'Launch the enclave with the newer configuration.',
  },
  REPORT_REQUEST_INVALID: {
    kind: 'usage',
    summary: 'The TARGETINFO or the report data of a report request is malformed.',
    next: 'Pass 512 bytes of TARGETINFO and 64 bytes of report data.',
  },
  QUOTE_REPORT_REFUSED: {
    kind: 'evidence',
    summary: 'The report was not made on this machine for this quoting enclave.',
    next: 'Ask the quoting enclave for its target info and make a new report for it.',
  },
  PLATFORM_NOT_ENROLLED: {
    kind: 'refused',
    summary: 'The machine has no PCK certificate for its present CPUSVN and PCESVN.',
    next: 'Enrol the machine with a vendor: `enclos platform enrol`.',
  },
  PLATFORM_SEPARATION_UNAVAILABLE: {
    kind: 'usage',
    summary: 'The platform cannot be separated from its hosts here.',
    next: 'Run it as root, with util-linux, from folders that only root can change; or use a single-user machine.',
  },
  PLATFORM_SEPARATION_MISMATCH: {
    kind: 'usage',
    summary: 'The machine and the platform disagree about whether they are separated.',
    next: 'Serve a separated machine with `--separated`, and only that; make one with `enclos platform init --separated`.',
  },
  PLATFORM_USERS_REFUSED: {
    kind: 'usage',
    summary: 'The users that the separated platform was given cannot be used.',
    next: 'Give numeric users that nothing else on the machine has: --host-user for hosts, --enclave-users for enclaves.',
  },
  PLATFORM_USERS_EXHAUSTED: {
    kind: 'transient',
    summary: 'Every user that the host may have for its enclaves is taken.',
    next: 'End enclaves that are no longer used, or give the platform a longer range: --enclave-users.',
  },
  PLATFORM_SOCKET_REFUSED: {
    kind: 'usage',
    summary: 'The platform cannot listen at this path.',
    next: 'Choose a name of at most 85 bytes in a folder that exists, and end a platform that listens there already.',
  },
  PLATFORM_FOLDER_INVALID: {
    kind: 'usage',
    summary: 'The vendor or machine folder is missing, incomplete or damaged.',
    next: 'Create it with `enclos platform init`, or restore it from a backup; never repair it by hand.',
  },
  PLATFORM_STORAGE_FAILED: {
    kind: 'refused',
    summary: 'The platform could not write to a folder of its own.',
    next: 'Read the reason: free space on the disk, or name a folder that the platform may write to. What was there is as it was.',
  },
  ENROLMENT_REFUSED: {
    kind: 'refused',
    summary: 'The enrolment request or the issued certificate is not acceptable.',
    next: 'Make a new request on the machine itself and have the vendor issue it again.',
  },
  PCK_UNKNOWN: {
    kind: 'usage',
    summary: 'The vendor never issued a certificate with this serial number.',
    next: 'Take the serial number from the PCK certificate of the machine, as hex, and ask the vendor that issued it.',
  },
  COLLATERAL_UNREADABLE: {
    kind: 'refused',
    summary: 'Verifiers would not read the collateral that this change leads to, so nothing was changed.',
    next: 'A vendor has too many revocations or TCB levels for its documents: enrol further machines with a new one.',
  },
  PLATFORM_AUDIT_FAILED: {
    kind: 'transient',
    summary: 'The platform cannot write its audit log, so it does nothing that would have to be in it.',
    next: 'Make room on the disk of the audit log, or see why it cannot be written; the platform tries again by itself.',
  },
  PLATFORM_AUDIT_BROKEN: {
    kind: 'evidence',
    summary: 'The audit log is not whole: a line was changed, removed, added or damaged.',
    next: 'Keep the files as they are and find out who wrote to them; begin a new log under another name.',
  },
  PLATFORM_AUDIT_BUSY: {
    kind: 'usage',
    summary: 'Another process writes this audit log.',
    next: 'Give each platform and each command that runs beside it a log of its own.',
  },
  TCB_REFUSED: {
    kind: 'usage',
    summary: 'The TCB value is not acceptable.',
    next: 'A new TCB level must be above every earlier one; a CPUSVN is 16 bytes and ends in the separation byte.',
  },
} as const satisfies ErrorArea;
