import type { ComponentTcbStatus, PlatformTcbStatus } from '../collateral/tcb-info.ts';
import type { ScenarioChanges } from '../scenario/changes.ts';
import type { EvidenceKind } from '../scenario/kinds.ts';
import { expectedVerdict } from '../scenario/expected.ts';
import type { StatusScenario } from './status-scenario.ts';

const platformStatuses: readonly PlatformTcbStatus[] = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
];
const componentStatuses: readonly ComponentTcbStatus[] = ['UpToDate', 'OutOfDate', 'Revoked'];

/** A row whose expectation comes from the oracle of this kit. */
function computed(name: string, changes: ScenarioChanges): StatusScenario {
  return Object.freeze({ name, changes, expected: expectedVerdict(changes) });
}

/** Platform × quoting enclave: 21 rows. */
function* sgxRows(kind: EvidenceKind): Generator<StatusScenario> {
  for (const latest of platformStatuses) {
    for (const qe of componentStatuses) {
      yield computed(`${kind}: platform ${latest}, QE ${qe}`, {
        kind,
        platformStatuses: { latest },
        qeStatuses: { latest: qe },
      });
    }
  }
}

/** Platform × module × quoting enclave: 63 rows. */
function* tdRows(kind: EvidenceKind): Generator<StatusScenario> {
  for (const latest of platformStatuses) {
    for (const module of componentStatuses) {
      for (const qe of componentStatuses) {
        yield computed(`${kind}: platform ${latest}, module ${module}, QE ${qe}`, {
          kind,
          platformStatuses: { latest },
          moduleStatuses: { latest: module },
          qeStatuses: { latest: qe },
        });
      }
    }
  }
}

/** (Platform × module) at launch × (platform × module) now × quoting enclave: 1323 rows. */
function* relaunchRows(kind: EvidenceKind): Generator<StatusScenario> {
  const pairs = platformStatuses.flatMap((platform) => componentStatuses.map((module) => ({ platform, module })));
  for (const earliest of pairs) {
    for (const latest of pairs) {
      for (const qe of componentStatuses) {
        const name = `launch ${earliest.platform} with module ${earliest.module}, now ${latest.platform} with module ${latest.module}, QE ${qe}`;
        yield computed(`${kind}: ${name}`, {
          kind,
          launch: { platform: 'earliest', module: 'earliest' },
          current: {},
          platformStatuses: { earliest: earliest.platform, latest: latest.platform },
          moduleStatuses: { earliest: earliest.module, latest: latest.module },
          qeStatuses: { latest: qe },
        });
      }
    }
  }
}

/**
 * Every combination of the statuses that converge, for one kind of quote: 21
 * rows of SGX, 63 of a TD 1.0, 1323 of a TD 1.5. After the table of QVL's
 * QuoteVerifierTcbStatusUT, which has two levels of everything and two SVNs;
 * the expectations come from this kit's own oracle.
 */
export function convergenceTable(kind: EvidenceKind): readonly StatusScenario[] {
  switch (kind) {
    case 'sgx-v3':
    case 'sgx-v4':
    case 'sgx-v5':
      return Object.freeze([...sgxRows(kind)]);
    case 'tdx-v4':
    case 'tdx-v5-td10':
      return Object.freeze([...tdRows(kind)]);
    case 'tdx-v5-td15':
    case 'tdx-v5-td15ex':
      return Object.freeze([...relaunchRows(kind)]);
  }
}
