import { equalBytes, fromHex } from '@enclos/codec';
import { OeResult } from '@enclos/edl-calls/host';
import { type SystemOcall, type SystemValues, bytesIn, integerIn } from './system-ocall.ts';
import { endorsementItems } from './endorsements.ts';

/** What gives evidence of enclaves: the quoting enclave of the platform. */
export interface QuotingService {
  /** TARGETINFO of the quoting enclave, 512 bytes. */
  quotingTarget(): Promise<Uint8Array>;
  /** @param report 432 bytes, made for the quoting enclave */
  quote(report: Uint8Array): Promise<Uint8Array>;
  /** The endorsements of its quotes, JSON in the shape of QuoteCollateralV3. Absent when the platform has none to give. */
  readonly endorsements?: (() => Promise<string>) | undefined;
}

/** OE_FORMAT_UUID_SGX_ECDSA (openenclave/attestation/sgx/evidence.h), the only format that the platform has. */
const SGX_ECDSA = fromHex('a3a21e871b4d4014b70aa125d2fbcd8c');

/**
 * The OCALLs by which an enclave of Open Enclave gets evidence (openenclave/edl/sgx/attestation.edl), as its host answers them with
 * Intel's library (host/sgx/ocalls/ocalls.c, host/sgx/quote.c): results are the function's own, not the gate's.
 *
 * @param failed is told why the platform refused
 */
export function evidenceOcalls(
  quoting: QuotingService | undefined,
  failed: (error: unknown) => void,
): Readonly<Record<string, SystemOcall>> {
  if (quoting === undefined) return withoutQuoting;
  const asked = async <T>(ask: () => Promise<T>, answer: (value: T) => ReturnType<SystemOcall>) => {
    let value: T;
    try {
      value = await ask();
    } catch (error) {
      failed(error);
      return { returned: OeResult.quoteProviderCallError };
    }
    return answer(value);
  };
  const collateral: SystemOcall = (values) => {
    const { endorsements } = quoting;
    if (endorsements === undefined) return { returned: OeResult.serviceUnavailable };
    return asked(
      async () => endorsementItems(await endorsements()),
      (items) => fillItems(values, items),
    );
  };
  return {
    oe_get_supported_attester_format_ids_ocall: () => ({
      returned: OeResult.ok,
      outputs: { format_ids: { data: SGX_ECDSA, size: BigInt(SGX_ECDSA.length) } },
    }),
    oe_get_qetarget_info_ocall: (values) => {
      if (!isEcdsa(values)) return { returned: OeResult.unsupported };
      return asked(
        () => quoting.quotingTarget(),
        (target) => ({ returned: OeResult.ok, outputs: { target_info: target } }),
      );
    },
    oe_get_quote_ocall: (values) => {
      if (!isEcdsa(values)) return { returned: OeResult.unsupported };
      const report = bytesIn(values, 'sgx_report');
      // An enclave asks twice: first without a buffer, to learn the size.
      return asked(
        () => quoting.quote(report),
        (quote) => {
          const quote_size_out = BigInt(quote.length);
          if (integerIn(values, 'quote_size') < quote_size_out) {
            return { returned: OeResult.bufferTooSmall, outputs: { quote_size_out } };
          }
          return { returned: OeResult.ok, outputs: { quote, quote_size_out } };
        },
      );
    },
    oe_get_quote_verification_collateral_ocall: collateral,
    oe_get_quote_verification_collateral_with_baseline_ocall: collateral,
    oe_verify_quote_ocall: withoutVerifier,
  };
}

/** There is no quote verification enclave: after this result the enclave verifies by itself (enclave/sgx/verifier.c). */
const withoutVerifier: SystemOcall = () => ({ returned: OeResult.platformError });
const unavailable: SystemOcall = () => ({ returned: OeResult.serviceUnavailable });

const withoutQuoting: Readonly<Record<string, SystemOcall>> = {
  oe_get_supported_attester_format_ids_ocall: unavailable,
  oe_get_qetarget_info_ocall: unavailable,
  oe_get_quote_ocall: unavailable,
  oe_get_quote_verification_collateral_ocall: unavailable,
  oe_get_quote_verification_collateral_with_baseline_ocall: unavailable,
  oe_verify_quote_ocall: withoutVerifier,
};

function isEcdsa(values: SystemValues): boolean {
  return equalBytes(bytesIn(values, 'format_id'), SGX_ECDSA);
}

/** Fills the buffers that are large enough, and says of each how large it has to be. */
function fillItems(values: SystemValues, items: Readonly<Record<string, Uint8Array>>): ReturnType<SystemOcall> {
  const outputs: Record<string, unknown> = {};
  let isTooSmall = false;
  for (const [name, bytes] of Object.entries(items)) {
    outputs[`${name}_size_out`] = BigInt(bytes.length);
    if (integerIn(values, `${name}_size`) < BigInt(bytes.length)) isTooSmall = true;
    else outputs[name] = bytes;
  }
  return { returned: isTooSmall ? OeResult.bufferTooSmall : OeResult.ok, outputs };
}
