import { defineCommand } from '@enclos/cli-frame';
import { hexOption, stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import { audited } from './audit.ts';
import { auditOption } from './audit-option.ts';
import { setPlatformCpuSvn } from './platform.ts';
import { parsePceSvn } from './pcesvn-option.ts';
import { renderPlatform } from './render.ts';

export const command = defineCommand({
  description: [
    'Sets the security version of the machine itself, to rehearse a TCB recovery or a roll-back.',
    'Sealing keys change with it, data that a newer CPUSVN sealed stays closed to an older one, and the machine must be enrolled again, at no more than the level that its vendor published (`enclos platform publish-tcb`).',
    'A running platform keeps the CPUSVN that it started with.',
    '',
    'The last byte is the separation of the machine (01 for single-user, 02 for separated) and cannot be changed.',
  ],
  arguments: { cpusvn: { value: 'HEX', summary: 'The CPUSVN, 16 bytes in hex', required: true } },
  options: {
    state: stateOption,
    audit: auditOption,
    pcesvn: { type: 'string', value: 'NUMBER', summary: 'Set the PCESVN as well' },
  },
  examples: [
    {
      command: 'enclos platform set-cpusvn 02010000000000000000000000000001',
      summary: 'Raise the first component to 2',
    },
  ],
  exitCodes: {},
  async run({ arguments: { cpusvn }, options: { state, pcesvn, audit } }, context) {
    const { io, path } = context;
    return audited({ auditFile: path(audit), event: 'cpusvn-set', now: io.now }, () =>
      setPlatformCpuSvn({
        stateFolder: stateFolderOf(state, context),
        cpuSvn: hexOption('The CPUSVN', cpusvn, 16),
        pceSvn: parsePceSvn(pcesvn),
      }),
    );
  },
  human: renderPlatform,
  json: (facts) => facts,
});
