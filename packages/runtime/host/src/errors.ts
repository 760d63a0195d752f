import { declareErrors } from '@enclos/errors';

export const hostErrors = declareErrors({
  ENCLAVE_LOST: [
    'lost',
    'The enclave is gone.',
    'Load it again; what it had not sealed and stored is lost. If it ends by itself, `enclos run --debug` shows its own error.',
  ],
  ENCLAVE_RESTARTING: [
    'transient',
    'The enclave is down and its supervisor is starting it again. The call was not made.',
    'Call again in a moment, or let calls wait with `waitMs`.',
  ],
  ENCLAVE_CRASH_LOOP: [
    'lost',
    'The enclave ended again and again, so its supervisor gave up.',
    'Read in the log why it ended, fix the cause, and load it again. The option `restart` sets the limit.',
  ],
  ENCLAVE_IDENTITY_CHANGED: [
    'evidence',
    'The enclave that was started again is not the one that ran before.',
    'Do not use it: the image or the platform was replaced.',
  ],
  HOST_OPTION_INVALID: ['usage', 'An option of the host SDK is wrong or out of range.', 'Correct the named option.'],
  HOST_ENVIRONMENT_MISSING: [
    'usage',
    'The host program was not started by `enclos run`, or a variable of it is wrong.',
    'Start it with `enclos run`, or pass image, signature and launcher to loadEnclave yourself.',
  ],
});

export const streamErrors = declareErrors({
  HOST_LISTEN_FAILED: [
    'usage',
    'The host cannot listen at the address of a listener of the enclave.',
    'End what listens there, or choose another port: with `PORT=8444 enclos run` for a project of `enclos new` in TypeScript, with `enclos run -- --listen NAME=8444` for a program in Go or another language, else under "listen" of loadEnclave.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof hostErrors, true>, Record<keyof typeof streamErrors, true> {}
}
