import type { CType, Extent, Measure } from '@enclos/edl-compiler';
import type { Forms } from '../forms/forms.ts';
import type { Spot } from '../forms/form.ts';
import type { Scalar } from '../forms/scalars.ts';
import { refuse } from '../arena/refusal.ts';
import { layoutUnknown } from '../layout/sizes.ts';

/** A size or count: a number, or where in its structure it stands. */
export type MeasurePlan = { readonly value: bigint } | NamedMeasure;

export interface NamedMeasure {
  readonly name: string;
  /** In its structure. */
  readonly offset: number;
  readonly scalar: Scalar;
}

export interface ExtentPlan {
  readonly size?: MeasurePlan;
  readonly count?: MeasurePlan;
  /** When no `count` is written. */
  readonly elements: bigint;
  readonly elementBytes: number;
}

/** Where a number stands that a measure names. */
export type MeasureScope = (name: string) => { readonly offset: number; readonly type: CType } | undefined;

/** @throws EDL_LAYOUT_UNKNOWN when a measure cannot be read */
export function planExtent(
  extent: Extent,
  elementBytes: number,
  { forms, scope }: { forms: Forms; scope: MeasureScope },
): ExtentPlan {
  const plan = (measure: Measure): MeasurePlan => {
    if ('value' in measure) return { value: BigInt(measure.value) };
    const { name } = measure;
    const place = scope(name);
    const scalar = place === undefined ? undefined : forms.measure(place.type);
    if (place === undefined || scalar === undefined) {
      throw layoutUnknown(`"${name}" is not a number that can be a size or count.`, name);
    }
    return { name, offset: place.offset, scalar };
  };
  return {
    ...(extent.size === undefined ? {} : { size: plan(extent.size) }),
    ...(extent.count === undefined ? {} : { count: plan(extent.count) }),
    elements: extent.elements.reduce<bigint>((product, length) => product * BigInt(forms.sizes.lengthOf(length)), 1n),
    elementBytes,
  };
}

/**
 * Bytes of a buffer, by the measures that stand in its structure.
 *
 * @param spot of the structure
 * @throws EDL_VALUE_REFUSED above the bound, for a negative measure, and when it is not a whole number of elements
 */
export function bytesOf(plan: ExtentPlan, spot: Spot, maxBytes: number): number {
  const size = plan.size === undefined ? BigInt(plan.elementBytes) : measureAt(plan.size, spot);
  const count = plan.count === undefined ? plan.elements : measureAt(plan.count, spot);
  const bytes = size * count;
  if (bytes > BigInt(maxBytes)) refuse(spot.path, `more than ${maxBytes} bytes`);
  // sgx_edger8r refuses such a length, too (CodeGen.ml, `check_size`).
  if (plan.elementBytes > 0 && bytes % BigInt(plan.elementBytes) !== 0n) {
    refuse(spot.path, `${bytes} bytes, which is not a multiple of ${plan.elementBytes}`);
  }
  return Number(bytes);
}

/** Elements in so many bytes. */
export function countOf({ elementBytes }: ExtentPlan, bytes: number): number {
  return elementBytes === 0 ? 0 : bytes / elementBytes;
}

export function measureAt(plan: MeasurePlan, { view, at, path }: Spot): bigint {
  if ('value' in plan) return plan.value;
  const number = plan.scalar.get(view, at + plan.offset);
  if (number === undefined || (typeof number === 'number' && !Number.isInteger(number))) {
    return refuse(path, `its measure "${plan.name}" is not a number of C`);
  }
  const wide = BigInt(number);
  return wide < 0n ? refuse(path, `its measure "${plan.name}" is negative`) : wide;
}
