import { isRecord } from '../text-forms.ts';

type Members = Readonly<Record<string, unknown>>;

/** What a verifier concluded about one attester, as an EAR says it. */
export interface EarAppraisal {
  /** The name of the submodule; empty for a result without submodules, as first drafts had it. */
  readonly name: string;
  readonly members: Members;
}

/** The profile of Veraison's, and that of draft-ietf-rats-ear. */
const profiles = /^tag:(?:github\.com,2023:veraison\/ear|ietf\.org,\d{4}(?::rats)?\/ear)/;

/**
 * The conclusions in the claims of an EAT attestation result (draft-ietf-rats-ear); undefined for claims that are not one.
 */
export function earAppraisals(claims: Members): readonly EarAppraisal[] | undefined {
  const { eat_profile: profile, submods } = claims;
  const parts = Object.entries(isRecord(submods) ? submods : {}).flatMap(([name, members]) => {
    return isRecord(members) ? [{ name, members }] : [];
  });
  const results = parts.filter(({ members }) => 'ear.status' in members);
  if ('ear.status' in claims) return [{ name: '', members: claims }, ...results];
  const isEar = results.length > 0 || (typeof profile === 'string' && profiles.test(profile));
  return isEar ? results : undefined;
}
