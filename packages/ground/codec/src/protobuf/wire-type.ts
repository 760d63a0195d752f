/** The wire types of protocol buffers that are read and written: groups (3 and 4) are not. */
export const WireType = Object.freeze({ VARINT: 0, FIXED64: 1, LENGTH: 2, FIXED32: 5 } as const);

/** 2^29 - 1: the largest number of a field. */
export const maximumField = 0x1fff_ffff;
