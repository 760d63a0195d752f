import { defineCommand } from '@enclos/cli-frame';
import { stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import { audited } from './audit.ts';
import { auditOption } from './audit-option.ts';
import { initPlatform } from './platform.ts';
import { renderPlatform } from './render.ts';

export const command = defineCommand({
  description: [
    'Makes a software vendor (its root, and the collateral that it signs) and a software machine (its fuses), and enrols the machine with the vendor.',
    'Anything that already exists stays.',
    '`enclos run` does this automatically; use this command when vendor and machine are on different computers.',
    '',
    'The folder holds keys: anyone who can read it can pose as this platform.',
    'A machine is separated or not for its whole life: make a separated machine as root, in a folder that only root can change, and enrol it with `enclos platform enrol --allow-separated`.',
  ],
  arguments: {},
  options: {
    state: stateOption,
    audit: auditOption,
    only: { type: 'string', value: 'WHAT', choices: ['vendor', 'machine'], summary: 'Make only this one' },
    separated: {
      type: 'boolean',
      summary: 'Make a machine for `platform serve --separated`; enrol it afterwards',
    },
    'collateral-url': {
      type: 'string',
      value: 'URL',
      summary: 'Where verifiers will find the collateral; it goes into the certificates',
    },
  },
  examples: [
    { command: 'enclos platform init', summary: 'Make a platform for this user' },
    { command: 'enclos platform init --state /srv/vendor --only vendor', summary: 'Make a vendor for many machines' },
  ],
  exitCodes: { 1: 'The vendor refuses to enrol the machine.' },
  async run({ options: { state, only, separated, 'collateral-url': collateralUrl, audit } }, context) {
    const { io, path, progress } = context;
    return progress.during('making the platform', () =>
      audited({ auditFile: path(audit), event: 'platform-initialized', now: io.now }, () =>
        initPlatform({
          stateFolder: stateFolderOf(state, context),
          now: io.now(),
          separated,
          only,
          collateralUrl,
        }),
      ),
    );
  },
  human: renderPlatform,
  json: (facts) => facts,
});
