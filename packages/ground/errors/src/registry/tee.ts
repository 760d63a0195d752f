import type { ErrorArea } from './kinds.ts';

export const teeErrors = {
  TEE_PLATFORM_UNREACHABLE: {
    kind: 'transient',
    summary: 'The platform process does not answer.',
    next: 'Start one with `enclos platform serve`, or check the socket path and its permissions.',
  },
  TEE_PLATFORM_LOST: {
    kind: 'lost',
    summary: 'The connection to the platform process ended.',
    next: 'Connect again; enclaves of the lost platform are gone and must be loaded again.',
  },
  TEE_PLATFORM_FAILED: {
    kind: 'transient',
    summary: 'The platform process failed to serve a call.',
    next: "Read the platform's own log; the text does not cross the boundary.",
  },
  TEE_PROTOCOL_MISMATCH: {
    kind: 'usage',
    summary: 'The two sides of a platform channel speak different protocol versions.',
    next: 'Install the same version of Enclos on both sides.',
  },
  TEE_CAPABILITY_MISSING: {
    kind: 'usage',
    summary: 'The platform lacks this capability.',
    next: 'Use a platform that has it: the tables are in docs/reference/platforms.md. None imitates what it lacks.',
  },
  TEE_DEVICE_MISSING: {
    kind: 'usage',
    summary: 'The interface of this platform is not there, or may not be used.',
    next: 'Check that this is that platform, that its driver is loaded and its tools are installed, and the rights of the user.',
  },
  TEE_DEVICE_FAILED: {
    kind: 'transient',
    summary: 'The interface of this platform failed or did not answer in time.',
    next: 'Try again after a moment; details name the file, command or address, and the reason.',
  },
  TEE_EVIDENCE_UNEXPECTED: {
    kind: 'evidence',
    summary: 'What the platform gave is not what it was asked for.',
    next: 'Do not use it. Look for another program that uses the same interface; details name the rule.',
  },
  TEE_GATE_REFUSED: {
    kind: 'refused',
    summary: 'The other end of the gate could not prove that it was started with it.',
    next: 'Load the enclave again; if it recurs, another process of this machine is answering in its place.',
  },
  TEE_MANIFEST_INVALID: {
    kind: 'usage',
    summary: 'The settings do not make a Gramine manifest.',
    next: 'Correct the setting that the message names.',
  },
  INTERPRETER_MISSING: {
    kind: 'usage',
    summary: 'The pinned interpreter is not installed for this machine.',
    next: 'Run `npm install` on Linux, on x64 or arm64, without omitting optional packages.',
  },
  INTERPRETER_MISMATCH: {
    kind: 'evidence',
    summary: 'The interpreter on this machine is not the one that was measured.',
    next: 'Install the Enclos version that the image was built with; if it is installed, the binary was changed: reinstall it.',
  },
  INTERPRETER_NOT_COPIED: {
    kind: 'usage',
    summary: 'There is no folder in which the platform can keep and run its copy of the interpreter.',
    next: 'Make room in one of the folders that the message names (about 130 MB), on a file system from which programs run.',
  },
  ISOLATION_UNAVAILABLE: {
    kind: 'usage',
    summary: 'This machine cannot give every layer of strict isolation.',
    next: 'See `enclos doctor` for how to get the rest, or accept what there is with --isolation=best.',
  },
  ENCLAVE_START_FAILED: {
    kind: 'lost',
    summary: 'The enclave process ended before it was ready, or could not be made.',
    next: 'Load it as a debug enclave to see its error output.',
  },
  PLATFORM_UPLOAD_REFUSED: {
    kind: 'usage',
    summary: 'The upload of the image is not in order, or too large.',
    next: 'Send the pieces of one image in order, up to the announced size.',
  },
  ENDORSEMENTS_ELSEWHERE: {
    kind: 'usage',
    summary: 'This platform has no vendor folder, so it has no endorsements to give.',
    next: "Fetch them from the vendor's collateral service (`enclos platform serve` where the vendor is).",
  },
  PLATFORM_BUSY: {
    kind: 'transient',
    summary: 'The platform has as many enclaves, launches or image bytes in hand as it takes on.',
    next: 'Try again after a moment; end enclaves that are no longer used.',
  },
  PLATFORM_START_FAILED: {
    kind: 'transient',
    summary: 'The platform process could not be started.',
    next: 'Read its error output above; check that its state folder is writable, or name another (`enclos run --state`).',
  },
} as const satisfies ErrorArea;
