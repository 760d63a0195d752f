import type { EnclaveIdentityJson } from '../collateral/enclave-identity.ts';
import type { TcbInfoJson } from '../collateral/tcb-info.ts';
import type { ExpectedVerdict } from './expected-verdict.ts';
import type { ScenarioChanges } from './changes.ts';
import { evidenceSvns } from './evidence.ts';
import { goodQeIdentity, goodTcbInfo } from './levels.ts';
import { evaluateTcb, type TcbFacts } from './oracle.ts';
import { identityOf, type Scenario } from './scenario.ts';

/**
 * What the oracle finds in a scenario with these changes. It reads the
 * documents as values of version 3, so the changes must leave them so; dates of
 * collateral are not looked at.
 */
export function expectedVerdict(changes: ScenarioChanges): ExpectedVerdict {
  // What changes make of the documents has to have their shape still: see above.
  const tcbInfo = (changes.tcbInfo?.(goodTcbInfo(changes)) ?? goodTcbInfo(changes)) as TcbInfoJson;
  const qeIdentity = (changes.qeIdentity?.(goodQeIdentity(changes)) ?? goodQeIdentity(changes)) as EnclaveIdentityJson;
  return verdictOf({ tcbInfo, qeIdentity, ...identityOf(changes), ...evidenceSvns(changes) });
}

/** What the oracle finds in a scenario as it was built, from the very texts that were signed. */
export function evaluateScenario({ collateral, identity, svns }: Scenario): ExpectedVerdict {
  return verdictOf({
    tcbInfo: JSON.parse(collateral.tcb_info) as TcbInfoJson,
    qeIdentity: JSON.parse(collateral.qe_identity) as EnclaveIdentityJson,
    ...identity,
    ...svns,
  });
}

function verdictOf(facts: TcbFacts): ExpectedVerdict {
  const { current, ...launch } = evaluateTcb(facts);
  return {
    ...launch,
    ...(current === undefined
      ? {}
      : {
          currentStatus: current.status,
          ...(current.tcbDate === undefined ? {} : { currentTcbDate: current.tcbDate }),
          currentAdvisoryIds: current.advisoryIds,
        }),
    expired: [],
    notYetValid: [],
  };
}
