import { defineCommand } from '@enclos/cli-frame';
import { stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import { publishVendor, showPlatform } from './platform.ts';
import { renderPlatform } from './render.ts';

export const command = defineCommand({
  description: [
    'Shows the vendor and the machine of a state folder.',
    'The root fingerprint is what a policy lists under `softwareRoots`.',
    'The options write what `enclos verify` needs; none of it is secret.',
  ],
  arguments: {},
  options: {
    state: stateOption,
    'collateral-out': {
      type: 'string',
      value: 'FILE',
      summary: 'Write the collateral of the vendor, for `enclos verify --collateral`',
    },
    'root-out': {
      type: 'string',
      value: 'FILE',
      summary: 'Write the root certificate of the vendor, for `enclos verify --root`',
    },
  },
  examples: [
    { command: 'enclos platform show --json', summary: 'Read the root fingerprint from a script' },
    {
      command: 'enclos platform show --collateral-out collateral.json --root-out root.pem',
      summary: 'Write what a verifier needs',
    },
  ],
  exitCodes: {},
  async run({ options: { state, 'collateral-out': collateral, 'root-out': root } }, context) {
    const { io, path } = context;
    const stateFolder = stateFolderOf(state, context);
    if (collateral !== undefined || root !== undefined) {
      await publishVendor({
        stateFolder,
        now: io.now(),
        collateralFile: path(collateral),
        rootFile: path(root),
      });
    }
    return showPlatform(stateFolder);
  },
  human: renderPlatform,
  json: (facts) => facts,
});
