import { showPlatform } from '../actions/platform.ts';
import { defineCommand } from '../command.ts';
import { renderPlatform } from '../render/platform.ts';
import { stateFolderOf, stateOption } from '../state-option.ts';

export const command = defineCommand({
  description: 'Shows the vendor and the machine of a state folder. The root fingerprint is what a policy lists under `softwareRoots`.',
  arguments: {},
  options: { state: stateOption },
  examples: [{ command: 'enclos platform show --json', summary: 'Read the root fingerprint from a script' }],
  exitCodes: {},
  run: ({ options: { state } }, context) => showPlatform(stateFolderOf(state, context)),
  human: renderPlatform,
  json: (facts) => facts,
});
