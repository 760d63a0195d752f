/** For commands that start an enclave. */
export const isolationOption = {
  type: 'string',
  value: 'MODE',
  choices: ['strict', 'best'],
  default: 'strict',
  summary: 'strict starts only with every layer of isolation; best uses the layers that the machine has',
} as const;

/** For commands that start an enclave. */
export const platformOption = {
  type: 'string',
  value: 'SOCKET',
  summary: 'Use a platform that `enclos platform serve` runs',
} as const;
