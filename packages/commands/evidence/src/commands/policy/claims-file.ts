import { BuildError, diagnosticAt, parseJsonSource, type JsonPath } from '@enclos/build/diagnostics';
import type { Claim, ClaimIssuer, ClaimValue } from '@enclos/claim-rules';
import { readSmallText } from '@enclos/cli-frame/files';
import { isRecord } from '@enclos/evidence';

const maxClaimsBytes = 16 * 1024 * 1024;
const code = 'CLI_FILE_INVALID';
const issuers: readonly ClaimIssuer[] = ['AttestationService', 'AttestationPolicy', 'CustomClaim'];

class ClaimFault extends Error {
  readonly place: JsonPath;

  constructor(message: string, place: JsonPath) {
    super(message);
    this.place = place;
  }
}

/**
 * Reads the claims that a policy is tested with: an object of values by type, which are claims of the service as in a
 * token, with a list for several; or a list of objects with type, value and issuer, which is the client when it is left
 * out, as in the language.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export async function readClaims(path: string): Promise<readonly Claim[]> {
  const text = await readSmallText(path, maxClaimsBytes);
  const source = parseJsonSource(path, text, code);
  try {
    return claimsOf(source.value);
  } catch (error) {
    if (!(error instanceof ClaimFault)) throw error;
    const diagnostic = diagnosticAt({ file: path, text }, source.locate(error.place), { code, text: error.message });
    throw new BuildError(code, `${path} does not hold claims.`, [diagnostic], { details: { path } });
  }
}

function claimsOf(value: unknown): readonly Claim[] {
  if (Array.isArray(value)) return value.map((entry, index) => claimOf(entry, index));
  if (!isRecord(value)) throw new ClaimFault('claims are an object of values by type, or a list of claims', []);
  return Object.entries(value).flatMap(([type, given]): readonly Claim[] => {
    const values: readonly unknown[] = Array.isArray(given) ? given : [given];
    return values.map((entry, index) => ({
      type,
      value: valueOf(entry, Array.isArray(given) ? [type, index] : [type]),
      issuer: 'AttestationService',
    }));
  });
}

function claimOf(entry: unknown, index: number): Claim {
  if (!isRecord(entry)) throw new ClaimFault('a claim is an object with type, value and issuer', [index]);
  const unknown = Object.keys(entry).find((key) => !['type', 'value', 'issuer'].includes(key));
  if (unknown !== undefined) throw new ClaimFault(`a claim has no ${unknown}`, [index, unknown]);
  const { type, issuer = 'CustomClaim' } = entry;
  if (typeof type !== 'string' || type === '') throw new ClaimFault('type is text that is not empty', [index, 'type']);
  const known = issuers.find((name) => name === issuer);
  if (known === undefined) throw new ClaimFault(`issuer is one of ${issuers.join(', ')}`, [index, 'issuer']);
  return { type, value: valueOf(entry['value'], [index, 'value']), issuer: known };
}

/** What a claim cannot hold it holds as JSON, in which policies look with JmesPath. */
function valueOf(value: unknown, place: JsonPath): ClaimValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  throw new ClaimFault('a value is text, a whole number, a boolean, or an object, which becomes its JSON', place);
}
