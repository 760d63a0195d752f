import { at, structure, u64, type Field } from './structure.ts';

/** ATTRIBUTES (SDM vol. 3D, ATTRIBUTES structure): FLAGS holds {@link Attribute} bits, XFRM the extended features enabled. */
export interface Attributes {
  readonly flags: bigint;
  readonly xfrm: bigint;
}

const layout = structure<Attributes>({
  name: 'ATTRIBUTES',
  sizeBytes: 16,
  fields: { flags: at(0, u64), xfrm: at(8, u64) },
});

/**
 * Parses the 16 bytes of ATTRIBUTES.
 *
 * Unknown bits are kept: the processor decides whether a bit may be set (ECREATE).
 * @throws SGX_STRUCTURE_INVALID for another length.
 */
export function parseAttributes(bytes: Uint8Array): Attributes {
  return layout.parse(bytes);
}

/** @throws SGX_STRUCTURE_INVALID for a value that is not an unsigned 64-bit integer. */
export function encodeAttributes(attributes: Attributes): Uint8Array {
  return layout.encode(attributes);
}

/** ATTRIBUTES as a field of another structure. */
export const attributes: Field<Attributes> = {
  sizeBytes: layout.sizeBytes,
  read: (reader) => Object.freeze({ flags: reader.u64(), xfrm: reader.u64() }),
  write: (writer, value) => writer.bytes(layout.encode(value)),
};
