import { declareErrors } from '@enclos/errors';

export const platformErrors = declareErrors({
  LAUNCH_IMAGE_REFUSED: [
    'refused',
    'The platform refuses the enclave layout: size, page, attribute or configuration.',
    'Build the image again with `enclos build`; details name the rule.',
  ],
  LAUNCH_MEASUREMENT_MISMATCH: [
    'evidence',
    'The image is not the one that was signed: MRENCLAVE differs from the signed ENCLAVEHASH.',
    'Take the image and the signature from the same build; if they are, the image was changed.',
  ],
  LAUNCH_ATTRIBUTES_REFUSED: [
    'refused',
    'The signature, or the platform, does not permit the attributes of this launch.',
    'Compare the signed attributes and masks with the launch options; details name the rule.',
  ],
  LAUNCH_DEBUG_REFUSED: [
    'refused',
    'The launch mode (debug or production) is not the one that the signature permits.',
    'Load a production signature without debug, or sign a debug build.',
  ],
  LAUNCH_INSPECTOR_REFUSED: [
    'refused',
    'Only a debug enclave has an inspector.',
    'Build and sign a debug enclave, as `enclos debug` does; a production enclave is never inspected.',
  ],
  LAUNCH_PROCESS_ENDED: [
    'refused',
    'The process of an SGX image ended before the enclave ran.',
    'Read the reason; `enclos doctor` tries to start such a process.',
  ],
  LAUNCH_FILE_MISSING: [
    'usage',
    'The platform has no copy of a file that a companion needs, and its host gave none.',
    'Give `loadEnclave` the folder NAME.files that `enclos build` writes beside the image (`companionFiles`).',
  ],
  LAUNCH_FILE_REFUSED: [
    'evidence',
    'A file of a companion is not the one that the manifest names.',
    'Give the host the files of this build; if the message names a folder of the platform, find out what writes there.',
  ],
  PLATFORM_NOT_ENROLLED: [
    'refused',
    'The machine has no PCK certificate for its present CPUSVN and PCESVN.',
    'Enrol the machine with a vendor: `enclos platform enrol`.',
  ],
  PLATFORM_SEPARATION_UNAVAILABLE: [
    'usage',
    'The platform cannot be separated from its hosts here.',
    'Run it as root, with util-linux, from folders that only root can change; or use a single-user machine.',
  ],
  PLATFORM_SEPARATION_MISMATCH: [
    'usage',
    'The machine and the platform disagree about whether they are separated.',
    'Serve a separated machine with `--separated`, and no other; make one with `enclos platform init --separated`.',
  ],
  PLATFORM_USERS_REFUSED: [
    'usage',
    'The users that the separated platform was given cannot be used.',
    'Give numeric users that nothing else on the machine has: --host-user for hosts, --enclave-users for enclaves.',
  ],
  PLATFORM_USERS_EXHAUSTED: [
    'transient',
    'Every user that the host may have for its enclaves is in use.',
    'End enclaves that are no longer used, or give the platform a longer range: --enclave-users.',
  ],
  PLATFORM_SOCKET_REFUSED: [
    'usage',
    'The platform cannot listen at this path.',
    'Choose a name of at most 85 bytes in a folder that exists, and end a platform that listens there already.',
  ],
  PLATFORM_FOLDER_INVALID: [
    'usage',
    'The vendor or machine folder is missing, incomplete or damaged.',
    'Create it with `enclos platform init`, or restore it from a backup; never repair it by hand.',
  ],
  PLATFORM_STORAGE_FAILED: [
    'refused',
    'The platform could not write to one of its folders.',
    'Read the reason: free space on the disk, or name a folder that the platform may write to. The old content is unchanged.',
  ],
  COLLATERAL_UNREADABLE: [
    'refused',
    'Verifiers would refuse the collateral after this change, so nothing was changed.',
    'A vendor has too many revocations or TCB levels for its documents: enrol further machines with a new one.',
  ],
  PLATFORM_AUDIT_FAILED: [
    'transient',
    'The platform cannot write its audit log, so it refuses every operation that the log must record.',
    'Free space on the disk of the audit log, or find out why it cannot be written. The platform tries again by itself.',
  ],
  PLATFORM_AUDIT_BROKEN: [
    'evidence',
    'The audit log is not complete: a line was changed, removed, added or damaged.',
    'Keep the files unchanged, find out what wrote to them, and begin a new log under another name.',
  ],
  PLATFORM_AUDIT_BUSY: [
    'usage',
    'Another process writes this audit log.',
    'Give each platform, and each command that runs beside it, its own log.',
  ],
  TCB_REFUSED: [
    'usage',
    'The TCB value is not acceptable.',
    'A new TCB level must be above every earlier one; a CPUSVN is 16 bytes and ends in the separation byte.',
  ],
});

export const teeErrors = declareErrors({
  INTERPRETER_MISSING: [
    'usage',
    'The pinned interpreter is not installed for this machine.',
    'Run `npm install` on Linux, on x64 or arm64, without omitting optional packages.',
  ],
  INTERPRETER_MISMATCH: [
    'evidence',
    'The interpreter on this machine is not the one that was measured.',
    'Install the Enclos version that the image was built with; if it is installed, its binary was changed: reinstall it.',
  ],
  INTERPRETER_NOT_COPIED: [
    'usage',
    'The platform found no folder in which it can keep and run its copy of the interpreter.',
    'Free about 130 MB in one of the folders that the message names, on a file system from which programs run.',
  ],
  SGX_EXECUTION_UNAVAILABLE: [
    'usage',
    'This platform cannot run signed SGX images.',
    'Read the reason; `enclos doctor` says the same. Images need Linux on x86-64 with FSGSBASE, and the program that runs them.',
  ],
  PROGRAM_EXECUTION_UNAVAILABLE: [
    'usage',
    'This platform cannot run enclaves that are programs.',
    'Read the reason. Programs run on software SGX, on the architecture that they were built for; `enclos doctor` says what this machine lacks.',
  ],
  PLATFORM_COMPANIONS_UNAVAILABLE: [
    'usage',
    'This platform cannot start the companions of an enclave.',
    'Use software SGX on a machine for which `enclos doctor` lists the layer file-view as active.',
  ],
  PROGRAM_MISMATCH: [
    'evidence',
    'The file of a program that is about to run is not the one that the platform measured.',
    'Find out what writes to the folder of the platform, and load the enclave again.',
  ],
  SGX_STUB_MISMATCH: [
    'evidence',
    'The program that runs SGX images is not the one that the platform checked when it started.',
    'Find out what wrote to its copy, remove the copy, and start the platform again.',
  ],
  ISOLATION_UNAVAILABLE: [
    'usage',
    'This machine cannot give every layer of strict isolation.',
    '`enclos doctor` says how to get the rest. To accept fewer layers, use --isolation=best.',
  ],
  PLATFORM_UPLOAD_REFUSED: [
    'usage',
    'The upload of the image is not in order, or too large.',
    'Send the pieces of one image in order, up to the announced size.',
  ],
  ENDORSEMENTS_ELSEWHERE: [
    'usage',
    'This platform has no vendor folder, so it has no endorsements to give.',
    'Give the node agent the collateral of the vendor: `--collateral`. Elsewhere fetch it from the service of the vendor.',
  ],
  COLLATERAL_UNAVAILABLE: [
    'transient',
    'The platform has no collateral of its vendor yet.',
    'Read the log of the node agent, where `collateral-failed` says why. It tries again by itself.',
  ],
  PLATFORM_BUSY: [
    'transient',
    'The platform has reached its limit of enclaves, launches or image bytes.',
    'Try again after a moment; end enclaves that are no longer used.',
  ],
  PLATFORM_START_FAILED: [
    'transient',
    'The platform process could not be started.',
    'Read its error output above; check that its state folder is writable, or name another (`enclos run --state`).',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof platformErrors, true>, Record<keyof typeof teeErrors, true> {}
}
