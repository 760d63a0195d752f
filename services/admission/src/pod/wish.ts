import { EnclosError } from '@enclos/errors';
import type { JsonObject } from '@enclos/codec/json';
import { objectIn, textIn } from './json.ts';
import { annotations } from './names.ts';

export type Platform = 'software' | 'sgx';

/** What the annotations of a pod ask for. */
export interface Wish {
  readonly platform: Platform | undefined;
  /** For containers that ask for no EPC themselves; a quantity in whole bytes. */
  readonly epc: string | undefined;
  /** `aesmd`, or the name of a container that makes quotes itself. */
  readonly quoteProvider: string | undefined;
  /** The containers that hold enclaves, if the annotation names them. */
  readonly containers: readonly string[] | undefined;
  /** The one that kubectl, and the meshes, take for the main one. */
  readonly defaultContainer: string | undefined;
}

/** RFC 1123 label: what the API server takes for the name of a container. */
const containerName = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** EPC is counted in bytes, so neither signs nor fractions: the whole numbers among the quantities of Kubernetes. */
const wholeQuantity = /^[1-9]\d{0,14}(?:Ki|Mi|Gi|k|M|G)?$/;

/**
 * @throws ADMISSION_WISH_REFUSED for an annotation that asks for what there is not
 * @throws ADMISSION_POD_UNREADABLE for annotations that are not text
 */
export function readWish(metadata: JsonObject): Wish {
  const found = objectIn(metadata, 'annotations', 'metadata') ?? {};
  const read = (name: string): string | undefined => textIn(found, name, 'metadata.annotations');
  const platform = read(annotations.platform);
  if (platform !== undefined && platform !== 'software' && platform !== 'sgx') {
    refuseWish(`Annotation ${annotations.platform} is neither software nor sgx.`);
  }
  const epc = read(annotations.epc);
  if (epc !== undefined && !wholeQuantity.test(epc)) {
    refuseWish(`Annotation ${annotations.epc} is not a whole quantity of memory such as 10Mi.`);
  }
  return {
    platform,
    epc,
    quoteProvider: readName(found, annotations.quoteProvider) ?? readName(found, annotations.intelQuoteProvider),
    containers: readNames(found),
    defaultContainer: read(annotations.defaultContainer),
  };
}

function readName(found: JsonObject, annotation: string): string | undefined {
  const name = textIn(found, annotation, 'metadata.annotations');
  if (name !== undefined && !containerName.test(name)) {
    refuseWish(`Annotation ${annotation} is neither aesmd nor the name of a container.`);
  }
  return name;
}

function readNames(found: JsonObject): readonly string[] | undefined {
  const names = textIn(found, annotations.containers, 'metadata.annotations')
    ?.split(',')
    .map((name) => name.trim());
  if (names !== undefined && !names.every((name) => containerName.test(name))) {
    refuseWish(`Annotation ${annotations.containers} is not a list of container names separated by commas.`);
  }
  return names;
}

/** @throws ADMISSION_WISH_REFUSED always */
export function refuseWish(message: string): never {
  throw new EnclosError('ADMISSION_WISH_REFUSED', `${message} The pod was left as it is.`);
}
