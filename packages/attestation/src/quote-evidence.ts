import { equalBytes, fromHex } from '@enclos/codec';
import { parseQuoteV3, type QuoteV3 } from '@enclos/sgx';
import { parseCertificate, type Certificate } from './certificate.ts';
import { decodePem } from './pem.ts';
import { orRefuse, refuse } from './refusal.ts';

const step = 'quote-format';
const intelQeVendorId = fromHex('939a7233f79c4ca9940a0db3957f0607');
const pckChainType = 5;
/** A quote is about 4.7 KiB; the QE authentication data may add 64 KiB. */
const maximumSizeBytes = 262_144;

/** A parsed quote and the PCK chain it carries or was given. */
export interface QuoteEvidence {
  readonly quote: QuoteV3;
  readonly pckChain: readonly Certificate[];
}

/**
 * Parses a quote. Certification data of type 5 is the PCK chain itself; types
 * 1 to 4 only identify the PCK, whose chain must then come with the collateral.
 */
export function readEvidence(
  bytes: Uint8Array,
  suppliedChain: readonly Certificate[] | undefined,
  options: { readonly allowTrailingBytes: boolean },
): QuoteEvidence {
  if (bytes.length > maximumSizeBytes) {
    refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', `The quote is over ${maximumSizeBytes} bytes.`);
  }
  const quote = orRefuse(
    () => parseQuoteV3(bytes, { allowTrailing: options.allowTrailingBytes }),
    (cause) => refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', cause.message, cause),
  );
  if (!equalBytes(quote.qeVendorId, intelQeVendorId)) {
    refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', 'The quoting enclave is of an unknown vendor.');
  }
  return { quote, pckChain: readPckChain(quote, suppliedChain) };
}

function readPckChain(quote: QuoteV3, suppliedChain: readonly Certificate[] | undefined): readonly Certificate[] {
  const { certificationDataType: type, certificationData } = quote.signature;
  if (type < 1 || type > pckChainType) {
    refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', `Certification data of type ${type} is not known.`);
  }
  if (type !== pckChainType) {
    return (
      suppliedChain ??
      refuse(
        step,
        'MISSING_PARAMETERS',
        `The quote has certification data of type ${type}: supply pck_certificate_chain.`,
      )
    );
  }
  return orRefuse(
    () => decodePem(latin1(certificationData)).map(parseCertificate),
    (cause) => refuse(step, 'UNSUPPORTED_CERT_FORMAT', `The PCK chain in the quote: ${cause.message}`, cause),
  );
}

/** PEM is ASCII; any other byte becomes a character that the PEM reader refuses. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
