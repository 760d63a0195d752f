import { audited } from '../actions/audit.ts';
import { auditOption } from '../audit-option.ts';
import { initPlatform } from '../actions/platform.ts';
import { defineCommand } from '../command.ts';
import { renderPlatform } from '../render/platform.ts';
import { stateFolderOf, stateOption } from '../common-options.ts';

export const command = defineCommand({
  description:
    'Makes a software vendor (its root, and the collateral that it signs) and a software machine (its fuses), and enrols the machine with the vendor. What is there already stays. `enclos run` does this by itself; do it by hand when vendor and machine are on different computers.\n\nThe folder holds keys: whoever can read it can be this platform.',
  arguments: {},
  options: {
    state: stateOption,
    audit: auditOption,
    only: { type: 'string', value: 'WHAT', choices: ['vendor', 'machine'], summary: 'Make only this one' },
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
  async run({ options: { state, only, 'collateral-url': collateralUrl, audit } }, context) {
    const { io, path, progress } = context;
    const auditFile = audit === undefined ? undefined : path(audit);
    return progress.during('making the platform', () =>
      audited({ auditFile, event: 'platform-initialized', now: io.now }, () =>
        initPlatform({
          stateFolder: stateFolderOf(state, context),
          now: io.now(),
          ...(only === undefined ? {} : { only }),
          ...(collateralUrl === undefined ? {} : { collateralUrl }),
        }),
      ),
    );
  },
  human: renderPlatform,
  json: (facts) => facts,
});
