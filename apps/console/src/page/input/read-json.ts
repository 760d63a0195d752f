import { amdRoleOf, jsonKindOf, type JsonFinding } from '@enclos/evidence';
import { snpCollateralOf } from '@enclos/evidence/verify';
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { isEvidence, maximumInputBytes, unreadable, type Input } from './input.ts';

/**
 * Collateral, a policy, or evidence in the members of an answer. What is recognised takes any JSON; here a repeated name
 * is refused, of which two readers could see different values.
 */
export function readJsonInput({ text }: JsonFinding, inner: readonly Input[]): readonly Input[] {
  let json;
  try {
    json = parseJson(text, maximumInputBytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return [unreadable(`It begins like JSON and is not: ${error.message}`)];
  }
  if (isJsonObject(json)) {
    switch (jsonKindOf(json)) {
      case 'collateral':
        return collateralInputs(json, text);
      case 'policy':
        return [{ kind: 'policy', rules: json }];
      case 'tpm-quote':
        return [unreadable('It is the quote of a TPM alone. The HCL report of its machine must come with it.')];
      case undefined:
        break;
    }
  }
  return answerInputs(json, inner);
}

/** Collateral of a quote stays text; that of a report of SEV-SNP is certificates and a list. */
function collateralInputs(json: JsonObject, text: string): readonly Input[] {
  const { signingKeyCertificate, certificateChain = [], revocationList } = snpCollateralOf(json, []);
  const certificates = [signingKeyCertificate, certificateChain].flat().filter((der) => der instanceof Uint8Array);
  if (certificates.length === 0) return [{ kind: 'collateral', text }];
  return [
    ...certificates.flatMap((der): readonly Input[] => {
      const role = amdRoleOf(der);
      return role === undefined ? [] : [{ kind: `amd-${role}`, der }];
    }),
    ...(revocationList === undefined ? [] : [{ kind: 'revocation-list', der: revocationList } as const]),
  ];
}

/** `{ "quote": …, "collateral": { … } }` or `{ "evidence": { … } }`, as services answer. No root is taken out of an answer. */
function answerInputs(json: JsonValue, inner: readonly Input[]): readonly Input[] {
  const { collateral }: Partial<Record<string, JsonValue>> = isJsonObject(json) ? json : {};
  const inputs = inner.filter((input) => isEvidence(input) || input.kind.startsWith('amd-'));
  if (isJsonObject(collateral)) inputs.push(...collateralInputs(collateral, JSON.stringify(collateral)));
  return inputs.length > 0
    ? inputs
    : [unreadable('It is JSON, but not evidence, collateral (QuoteCollateralV3) or the rules of a policy.')];
}
