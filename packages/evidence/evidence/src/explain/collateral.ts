import { parseCollateral } from '@enclos/attestation';
import { explainCollateral, type ExplainedCollateral } from '@enclos/attestation/explain';
import { attempt } from '../recognise/attempt.ts';
import { validFrom, validTo } from './dates.ts';
import { group, node, type ExplainNode } from './nodes.ts';

/** Each part of the collateral of a quote with its dates; nothing for JSON that is not readable as collateral. */
export function collateralNodes(value: unknown): readonly ExplainNode[] {
  return Object.entries(partsOf(value)).map(([part, { from, until }]) =>
    group(part, [node(validFrom, from), node(validTo, until)]),
  );
}

function partsOf(value: unknown): ExplainedCollateral['parts'] {
  return attempt(() => explainCollateral(parseCollateral(value)).parts) ?? {};
}
