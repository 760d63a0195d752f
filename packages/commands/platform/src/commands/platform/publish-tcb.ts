import { defineCommand } from '@enclos/cli-frame';
import { hexOption, stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import { audited } from './audit.ts';
import { auditOption } from './audit-option.ts';
import { publishTcbLevel } from './platform.ts';
import { parsePceSvn } from './pcesvn-option.ts';
import { renderPlatform } from './render.ts';

export const command = defineCommand({
  description: [
    'Raises the TCB level that the vendor calls current, under the next TCB evaluation number: the first half of a TCB recovery.',
    'Machines below it are OutOfDate from now on, until `enclos platform set-cpusvn` raises their CPUSVN and they are enrolled again.',
    'A vendor certifies nothing above the level that it published, so publish first and raise second.',
    '',
    'A level cannot be taken back.',
  ],
  arguments: {
    components: { value: 'HEX', summary: 'The 15 TCB components: a CPUSVN without its last byte', required: true },
  },
  options: {
    state: stateOption,
    audit: auditOption,
    pcesvn: { type: 'string', value: 'NUMBER', summary: 'Raise the PCESVN as well' },
  },
  examples: [
    {
      command: 'enclos platform publish-tcb 020100000000000000000000000000',
      summary: 'Raise the first component to 2',
    },
  ],
  exitCodes: {},
  async run({ arguments: { components }, options: { state, pcesvn, audit } }, context) {
    const { io, path } = context;
    return audited({ auditFile: path(audit), event: 'tcb-published', now: io.now }, () =>
      publishTcbLevel({
        stateFolder: stateFolderOf(state, context),
        components: hexOption('The TCB level', components, 15),
        now: io.now(),
        pceSvn: parsePceSvn(pcesvn),
      }),
    );
  },
  human: renderPlatform,
  json: (facts) => facts,
});
