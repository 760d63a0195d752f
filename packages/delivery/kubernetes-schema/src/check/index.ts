import type { KindEntry } from '../schema/types.ts';
import type { MapNode } from '../yaml/node.ts';
import type { Report } from '../report.ts';
import { checkFields } from './fields.ts';
import { checkMetadata } from './metadata.ts';

/**
 * Reports what an API server with the default configuration refuses in an object of a known kind: what its strict
 * decoder and then its validation find. Pure; what depends on a cluster is not looked at.
 */
export function checkObject(node: MapNode, entry: KindEntry, report: Report): void {
  checkFields(node, entry.type, report);
  checkMetadata(node, entry, report);
}
