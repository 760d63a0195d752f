import type { JsonObject } from '@enclos/codec/json';
import type { AttestRequest, BoundData } from '../attest/attest-request.ts';
import { base64urlBytes, invalid, onlyMembers, optionalText, readJsonObject } from '@enclos/service/body';

type AttestedType = AttestRequest['type'];

/** Which member holds the evidence, and whether a policy may come with the request. */
const shapes: Readonly<Record<AttestedType, { readonly evidence: 'quote' | 'report'; readonly draft: boolean }>> = {
  SgxEnclave: { evidence: 'quote', draft: true },
  OpenEnclave: { evidence: 'report', draft: true },
  SevSnpVm: { evidence: 'report', draft: true },
  TdxVm: { evidence: 'quote', draft: false },
};
const maximumNonce = 4096;
/** Five members, and two in each of two objects among them. A body with more has one that is not known. */
const maximumValues = 9;

/** Reads the body of an attest call. @throws SERVICE_REQUEST_INVALID */
export function readAttestBody(
  body: Uint8Array,
  { type, maxBytes }: { readonly type: AttestedType; readonly maxBytes: number },
): AttestRequest {
  const { evidence: name, draft } = shapes[type];
  const members = [name, 'runtimeData', 'initTimeData', 'nonce', ...(draft ? ['draftPolicyForAttestation'] : [])];
  const object = readJsonObject(body, { maxBytes, maxValues: maximumValues, members });
  const evidence = optionalText(object, name, maxBytes);
  if (evidence === undefined || evidence === '') throw invalid(`The body has no ${name}.`);
  const runtimeData = readBoundData(object, 'runtimeData', maxBytes);
  const initTimeData = readBoundData(object, 'initTimeData', maxBytes);
  const nonce = optionalText(object, 'nonce', maximumNonce);
  const draftPolicy = optionalText(object, 'draftPolicyForAttestation', maxBytes);
  return {
    type,
    evidence: base64urlBytes(evidence, name),
    ...(runtimeData === undefined ? {} : { runtimeData }),
    ...(initTimeData === undefined ? {} : { initTimeData }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(draftPolicy === undefined ? {} : { draftPolicy }),
  };
}

function readBoundData(body: JsonObject, name: string, maxBytes: number): BoundData | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  const object = onlyMembers(value, name, ['data', 'dataType']);
  const data = optionalText(object, 'data', maxBytes);
  // Without a type nothing is made of the bytes but their hash.
  const type = optionalText(object, 'dataType', 16) ?? 'Binary';
  if (data === undefined) throw invalid(`${name} has no data.`);
  if (type !== 'Binary' && type !== 'JSON') throw invalid(`dataType of ${name} must be Binary or JSON.`);
  return { data: base64urlBytes(data, `data of ${name}`), type };
}
