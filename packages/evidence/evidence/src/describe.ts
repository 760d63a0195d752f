import { evidenceForms } from './forms/index.ts';
import type { Finding } from './recognise/finding.ts';
import { earAppraisals } from './recognise/tokens/ear.ts';

const tokenNames = { jwt: 'a JSON web token', cwt: 'a CBOR web token' } as const;

/** `a certificate`, for the middle of a sentence. */
export function describeFound(found: Finding): string {
  switch (found.form) {
    case 'quote':
    case 'snp-report':
    case 'azure-evidence':
      return evidenceForms[found.form].words;
    case 'certificate':
      return 'an X.509 certificate';
    case 'revocation-list':
      return 'a list of revoked certificates';
    case 'jwt':
    case 'cwt':
      return `${earAppraisals(found.claims) === undefined ? '' : 'an attestation result (EAR), '}${tokenNames[found.form]}`;
    case 'json':
      return 'JSON';
    default:
      return found.what;
  }
}
