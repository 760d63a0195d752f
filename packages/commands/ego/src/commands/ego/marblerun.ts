import { defineCommand } from '@enclos/cli-frame';
import { EnclosError } from '@enclos/errors';

export const command = defineCommand({
  description: ['Refused: an enclave cannot be a Marble, because MarbleRun’s Coordinator verifies EGo’s own runtime.'],
  arguments: { executable: { value: 'EXECUTABLE', summary: 'A signed executable' } },
  options: {},
  examples: [{ command: 'enclos ego marblerun server', summary: 'Say so; `enclos ego run` runs it alone' }],
  exitCodes: {},
  run: (): Promise<never> =>
    Promise.reject(
      new EnclosError(
        'EGO_UNSUPPORTED',
        'An enclave cannot be a Marble: the Coordinator of MarbleRun activates programs by the runtime of EGo, which is not in it.',
      ),
    ),
});
