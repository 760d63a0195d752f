import './errors.ts';
import { EnclosError } from '@enclos/errors';
import { Attribute, LEGACY_XFRM, parseSigstruct, type Attributes, type Sigstruct } from '@enclos/sgx';

import type { EnclaveImage } from './image.ts';

export interface LaunchAttributes {
  readonly attributes: Attributes;
  readonly miscSelect: number;
}

/**
 * What SECS must say so that EINIT accepts the signature of an image (SDM vol. 3D, EINIT: equal to SIGSTRUCT under its masks). Where the
 * masks leave a choice: flags and MISCSELECT as the file wants them, and no more features than the signature asks for.
 *
 * @param options `debug`: whether DEBUG is set.
 * @throws ENCLAVE_FILE_NOT_SIGNED, SIGSTRUCT_INVALID
 * @throws ENCLAVE_ATTRIBUTES_REFUSED when the signature forbids the mode, or asks for what no enclave has.
 */
export function launchAttributes(
  image: Pick<EnclaveImage, 'signature' | 'attributes' | 'miscSelect'>,
  { debug }: { readonly debug: boolean },
): LaunchAttributes {
  if (image.signature === undefined) throw new EnclosError('ENCLAVE_FILE_NOT_SIGNED', 'The image has no SIGSTRUCT.');
  const { attributes: signed, attributeMask: mask, miscSelect, miscMask } = parseSigstruct(image.signature);
  const wanted = (image.attributes.flags & ~mask.flags) | (signed.flags & mask.flags);
  const flags = (wanted & ~(Attribute.INIT | Attribute.DEBUG)) | Attribute.MODE64BIT | (debug ? Attribute.DEBUG : 0n);
  const xfrm = LEGACY_XFRM | (signed.xfrm & mask.xfrm);
  checkMode({ attributes: signed, attributeMask: mask }, { flags, xfrm }, debug);
  const selected = ((image.miscSelect & ~miscMask) | (miscSelect & miscMask)) >>> 0;
  return Object.freeze({ attributes: Object.freeze({ flags, xfrm }), miscSelect: selected });
}

function checkMode(
  { attributes: signed, attributeMask: mask }: Pick<Sigstruct, 'attributes' | 'attributeMask'>,
  { flags, xfrm }: Attributes,
  debug: boolean,
): void {
  const wrong = (flags ^ signed.flags) & mask.flags;
  if (wrong === Attribute.DEBUG) {
    const message = debug ? 'The enclave is signed for production only.' : 'The enclave is signed for debugging only.';
    throw new EnclosError('ENCLAVE_ATTRIBUTES_REFUSED', message);
  }
  if (wrong !== 0n || ((xfrm ^ signed.xfrm) & mask.xfrm) !== 0n) {
    throw new EnclosError(
      'ENCLAVE_ATTRIBUTES_REFUSED',
      'The signature asks for attributes that an enclave cannot have.',
    );
  }
}
