import { isEnclosError } from '@enclos/errors';

import type { GovernanceEffects } from '../../session/effects.ts';
import type { Extension } from '../../session/extension.ts';
import { orFail } from '../../session/failures.ts';
import type { ScriptSession } from '../../session/session.ts';
import { needBytes, needCount, needText } from '../../session/values.ts';
import { validateConstitution } from './constitution.ts';
import { removeIssuerKeys, setIssuerKeys } from './jwt-keys.ts';
import { applyPrelude, validatePrelude } from './prelude.ts';

const keysTable = 'public:ccf.gov.jwt.public_signing_keys_metadata_v2';
const modulesTable = 'public:ccf.gov.modules';
const bytecodeTables = ['public:ccf.gov.modules_quickjs_bytecode', 'public:ccf.gov.modules_quickjs_version'];

const triggers: Readonly<Record<string, readonly [string, (effects: GovernanceEffects) => void]>> = {
  triggerLedgerRekey: ['Failed to rekey ledger', (effects) => effects.triggerLedgerRekey()],
  triggerRecoverySharesRefresh: [
    'Unable to trigger recovery shares refresh',
    (effects) => effects.triggerRecoverySharesRefresh(),
  ],
  triggerLedgerChunk: ['Unable to force ledger chunk', (effects) => effects.triggerLedgerChunk()],
  triggerSnapshot: ['Unable to request snapshot', (effects) => effects.triggerSnapshot()],
};

/** `ccf.gov`, for the step that validates a proposal. */
export const govValidate: Extension = {
  takesLong: true,
  prelude: validatePrelude,
  host: (session) => ({
    govValidate: (source) => {
      validateConstitution(session.engine, needText(source), session.limitsLeft());
    },
  }),
};

/** What an accepted proposal may do: keys of issuers, modules, and effects on the node. */
export const govApply: Extension = {
  takesLong: true,
  prelude: applyPrelude,
  host: (session) => {
    const effects = () => effectsOf(session);
    const keys = () => session.call.transaction.map(keysTable);
    return {
      govRefreshModules: () => {
        orFail('Failed to refresh bytecode', () => refreshModules(session));
      },
      govSetKeys: (issuer, keySet) => {
        orFail('Error setting JWT public signing keys', () =>
          setIssuerKeys(keys(), {
            issuer: needText(issuer),
            keySet: needText(keySet),
            checkTime: session.checkTime,
          }),
        );
      },
      govRemoveKeys: (issuer) => {
        orFail('Failed to remove JWT public signing keys', () => removeIssuerKeys(keys(), needText(issuer)));
      },
      govTrigger: (name) => {
        const wanted = needText(name);
        const [what, trigger] = Object.hasOwn(triggers, wanted) ? (triggers[wanted] ?? []) : [];
        if (what !== undefined && trigger !== undefined) orFail(what, () => trigger(effects()));
      },
      govOpen: (previous, next) => {
        orFail('Unable to open service', () =>
          effects().transitionServiceToOpen(previous === undefined ? undefined : needBytes(previous), needBytes(next)),
        );
      },
      govSecretSeqno: () =>
        orFail('Failed to fetch latest ledger secret seqno', () => effects().latestLedgerSecretSeqno()),
      govEndorse: (request, validFrom, days) =>
        orFail('Failed to create endorsed cert', () =>
          effects().generateEndorsedCertificate(needText(request), needText(validFrom), needCount(days)),
        ),
      govCertificate: (validFrom, days) =>
        orFail('Error', () => effects().generateNetworkCertificate(needText(validFrom), needCount(days))),
    };
  },
};

function effectsOf({ call }: ScriptSession): GovernanceEffects {
  if (call.effects === undefined) throw new Error('Failed to get governance effects object');
  return call.effects;
}

/**
 * Checks that the modules of the application compile, which is what the function of CCF does besides. It writes no bytecode:
 * without it, CCF loads the sources.
 */
function refreshModules(session: ScriptSession): void {
  const { transaction } = session.call;
  const modules: { name: string; source: string }[] = [];
  transaction.map(modulesTable).forEach((source, name) => {
    modules.push({ name: Buffer.from(name).toString(), source: Buffer.from(source).toString() });
  });
  try {
    session.engine.load({ prelude: [], modules, host: {} }, session.limitsLeft()).dispose();
  } catch (error) {
    if (isEnclosError(error, 'SCRIPT_INVALID')) throw new Error(error.message, { cause: error });
    throw error;
  }
  for (const table of bytecodeTables) transaction.map(table).clear();
}
