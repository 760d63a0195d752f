import { outside, rounds, victims, type Step } from '../kill/moments.ts';

const calls = 2 * rounds;

/** Every step of the life of a host of a signed enclave, in its order. */
export const signedSteps: readonly Step[] = [
  { step: 'host', times: 1, victims: ['host'] },
  { step: 'platform', times: 1, victims: outside },
  { step: 'audit:appendFile', times: 5, victims: outside },
  { step: 'audit:datasync', times: 5, victims: outside },
  { step: 'ready', times: 1, victims: outside },
  { step: 'launch', times: 1, victims: outside },
  { step: 'spawn', times: 1, victims: outside },
  { step: 'spawned', times: 1, victims },
  { step: 'launched', times: 1, victims },
  { step: 'loaded', times: 1, victims },
  { step: 'found', times: 1, victims },
  { step: 'advance', times: rounds, victims },
  { step: 'read', times: rounds, victims },
  { step: 'key', times: calls - 1, victims },
  { step: 'asked', times: rounds, victims },
  { step: 'seal', times: rounds, victims },
  { step: 'copy', times: rounds, victims },
  { step: 'store', times: rounds, victims },
  { step: 'mount:open', times: rounds, victims },
  { step: 'mount:sync', times: rounds, victims },
  { step: 'mount:rename', times: rounds, victims },
  { step: 'mount:sync-folder', times: rounds, victims },
  { step: 'stored', times: rounds, victims },
  { step: 'acknowledged', times: rounds, victims },
  { step: 'dispose', times: 1, victims },
  { step: 'disposed', times: 1, victims: outside },
  { step: 'close', times: 1, victims: outside },
  { step: 'tmp:unlink', times: 1, victims: outside },
];
