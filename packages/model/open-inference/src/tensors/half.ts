/** A format of 16 bits for floating point numbers. */
interface SmallFloat {
  readonly mantissaBits: number;
  /** The smallest normal number is this power of two. */
  readonly minimumExponent: number;
  readonly infinity: number;
}

/** IEEE 754 binary16. */
const fp16: SmallFloat = { mantissaBits: 10, minimumExponent: -14, infinity: 0x7c00 };
/** The upper half of IEEE 754 binary32. */
const bf16: SmallFloat = { mantissaBits: 7, minimumExponent: -126, infinity: 0x7f80 };
export type SmallDatatype = 'FP16' | 'BF16';
const formats: Readonly<Record<SmallDatatype, SmallFloat>> = { FP16: fp16, BF16: bf16 };

const scratch = new DataView(new ArrayBuffer(8));

function roundTiesToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/**
 * The bits of the nearest FP16 or BF16 number, ties to even; infinity for one that is too large. It rounds the double once: by
 * way of FP32 it would round twice, and sometimes to the other neighbour.
 */
export function smallFloatBits(datatype: SmallDatatype, value: number): number {
  const { mantissaBits, minimumExponent, infinity } = formats[datatype];
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0);
  const sign = (high >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | infinity | (1 << (mantissaBits - 1));
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, minimumExponent);
  const isSubnormal = Math.abs(value) < 2 ** minimumExponent;
  // A mantissa with its leading one; rounding up to the next power of two carries into the exponent by itself.
  const mantissa = roundTiesToEven(Math.abs(value) / 2 ** (exponent - mantissaBits));
  const biased = isSubnormal ? mantissa : ((exponent - minimumExponent) << mantissaBits) + mantissa;
  return sign | Math.min(biased, infinity);
}

/** The bits of the FP32 number of the same value. A NaN keeps its payload. */
export function widenedBits(datatype: SmallDatatype, bits: number): number {
  if (datatype === 'BF16') return (bits << 16) >>> 0;
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f80_0000 | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  scratch.setFloat32(0, mantissa * 2 ** -24);
  return (sign | scratch.getUint32(0)) >>> 0;
}

/** The bits of the nearest FP16 or BF16 number to an FP32 number. A NaN keeps the upper part of its payload. */
export function narrowedBits(datatype: SmallDatatype, bits: number): number {
  const isNaN32 = (bits & 0x7fff_ffff) > 0x7f80_0000;
  if (!isNaN32) {
    scratch.setUint32(0, bits);
    return smallFloatBits(datatype, scratch.getFloat32(0));
  }
  const { mantissaBits, infinity } = formats[datatype];
  const payload = (bits & 0x7f_ffff) >>> (23 - mantissaBits);
  // A payload of which nothing is left would make an infinity of the NaN.
  return ((bits >>> 16) & 0x8000) | infinity | (payload === 0 ? 1 << (mantissaBits - 1) : payload);
}
