import type { ScenarioChanges } from './changes.ts';
import { scenario } from './scenario.ts';

/** What a server of attested TLS shows: a quote, and what it sends along. */
interface PeerEvidence {
  readonly quote: Uint8Array;
  readonly endorsements: string;
}

/**
 * The evidence function of a server of attested TLS on the platform of a scenario.
 * @param sends what it sends along, instead of the collateral of the scenario.
 */
export function peerEvidence(
  changes: ScenarioChanges = {},
  sends?: string,
): (reportData: Uint8Array) => Promise<PeerEvidence> {
  return (reportData) => {
    const { quote, collateral } = scenario({ ...changes, report: { ...changes.report, reportData } });
    return Promise.resolve({ quote, endorsements: sends ?? JSON.stringify(collateral) });
  };
}
