import { fromHex } from '@enclos/codec';

/** RFC 9052 appendix C.2.1: a message under ES256, with its key of appendix C.7.1. */
export const ecdsaExample = Object.freeze({
  message: fromHex(
    'd28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36',
  ),
  x: 'bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff',
  y: '20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e',
});

/** The same content under the first key of RFC 8032 section 7.1, whose signatures are deterministic. */
export const edwardsExample = Object.freeze({
  message: fromHex(
    'd28443a10127a10442313154546869732069732074686520636f6e74656e742e58406354488f9f290e36cd80e23762e664a5cb03e4267c66a8cffaef7c66d89a40bf2cbb8222432a08e5ee410d8b540c6931d26fb6af673f7e2100655d8bae765c04',
  ),
  x: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
});
