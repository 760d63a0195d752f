import { INTEL_SGX_ROOT } from '@enclos/attestation';
import { amdRoots } from '@enclos/evidence';
import type { Options } from './options.ts';
import type { Request } from './outcome.ts';
import type { Session } from './session.ts';

/** What was given and what was chosen, as one request. */
export function requestOf(session: Session, options: Options): Request {
  const { now, allowTrailingBytes, reportData } = options;
  return {
    now,
    allowTrailingBytes,
    roots: [...(options.intelRoot ? [INTEL_SGX_ROOT] : []), ...session.softwareRoots],
    amdRoots: options.amdRoots ? amdRoots : [],
    amd: {
      leaf: session.find('amd-leaf')?.der,
      authority: session.find('amd-authority')?.der,
      root: session.find('amd-root')?.der,
      revocationList: session.find('revocation-list')?.der,
    },
    evidence: session.evidence,
    collateral: session.find('collateral')?.text,
    policy: session.find('policy')?.rules,
    reportData,
  };
}
