import { earAppraisals, type EarAppraisal } from '../recognise/tokens/ear.ts';
import { isRecord } from '../recognise/text-forms.ts';
import { group, node, type ExplainNode } from './nodes.ts';

type Members = Readonly<Record<string, unknown>>;

const mostNodes = 64;
const longestValue = 256;

/** Numbers in CBOR, words in JSON. */
const statuses: ReadonlyMap<unknown, string> = new Map([
  [0, 'none'],
  [2, 'affirming'],
  [32, 'warning'],
  [96, 'contraindicated'],
]);

const meanings: ReadonlyMap<string, string> = new Map([
  ['none', 'the verifier says nothing about it'],
  ['affirming', 'the verifier found it in order'],
  ['warning', 'the verifier found something to look at'],
  ['contraindicated', 'the verifier found a reason not to trust it'],
]);

/** The conclusions of an EAR; undefined for claims that are not one. */
export function earNodes(claims: Members): readonly ExplainNode[] | undefined {
  const appraisals = earAppraisals(claims);
  if (appraisals === undefined) return undefined;
  return [
    node(
      'result',
      'the conclusion of a verifier',
      'enclos does not verify it: check its signature by the keys of that verifier, and decide whether you trust it',
    ),
    ...valueNodes('verifier', claims['ear.verifier-id']),
    ...valueNodes('profile', claims['eat_profile']),
    ...appraisals.slice(0, mostNodes).map(appraisalNode),
  ];
}

function appraisalNode({ name, members }: EarAppraisal): ExplainNode {
  const { 'ear.status': status, 'ear.appraisal-policy-id': policy, 'ear.trustworthiness-vector': vector } = members;
  const word = statuses.get(status) ?? shown(status);
  return group(name === '' ? 'appraisal' : `appraisal of ${name.slice(0, longestValue)}`, [
    node('status', word, meanings.get(word)),
    ...valueNodes('policy', policy),
    ...(isRecord(vector) ? [group('trustworthiness', Object.entries(vector).slice(0, mostNodes).map(aspectNode))] : []),
  ]);
}

function aspectNode([aspect, value]: readonly [string, unknown]): ExplainNode {
  return node(aspect, shown(value), typeof value === 'number' ? tierOf(value) : undefined);
}

/** The tiers of trustworthiness claims (draft-ietf-rats-ar4si, section 2.3.2). */
function tierOf(claim: number): string {
  const size = claim < 0 ? -claim - 1 : claim;
  if (!Number.isInteger(claim) || size > 127) return 'not a value of a trustworthiness claim';
  if (claim >= -1 && claim <= 1) return 'none';
  if (size < 32) return 'affirming';
  return size < 96 ? 'warning' : 'contraindicated';
}

function valueNodes(label: string, value: unknown): readonly ExplainNode[] {
  return value === undefined ? [] : [node(label, shown(value))];
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing');
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
