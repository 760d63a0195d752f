import { parseP256Certificate, type P256Certificate } from '../x509/p256-certificate.ts';
import { equalBytes, fromHex } from '@enclos/codec';
import { parseQuote, type Quote } from '@enclos/sgx';
import { leafFirst } from '@enclos/codec/x509';
import { namesMatch } from '../x509/chain-rules.ts';
import { decodeCertificates } from '../x509/pem.ts';
import { orRefuse, refuse } from '../refusal/refusal.ts';

const step = 'quote-format';
const intelQeVendorId = fromHex('939a7233f79c4ca9940a0db3957f0607');
const pckChainType = 5;
/** A quote is about 4.7 KiB; the QE authentication data may add 64 KiB. */
const maximumSizeBytes = 262_144;

/** Step 1: parses a quote, and checks what does not depend on its PCK chain. */
export function readQuote(bytes: Uint8Array, options: Parameters<typeof parseQuote>[1]): Quote {
  if (bytes.length > maximumSizeBytes) {
    refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', `The quote is over ${maximumSizeBytes} bytes.`);
  }
  const quote = orRefuse(
    () => parseQuote(bytes, options),
    (cause) => refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', cause.message, cause),
  );
  if (!equalBytes(quote.qeVendorId, intelQeVendorId)) {
    refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', 'The quoting enclave is of an unknown vendor.');
  }
  const { certificationDataType: type } = quote.signature;
  if (type < 1 || type > pckChainType) {
    refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', `Certification data of type ${type} is not known.`);
  }
  return quote;
}

/** The PEM text of the PCK chain that a quote carries, or undefined when it only identifies the PCK (types 1 to 4). */
export function carriedChain({ signature }: Quote): Uint8Array | undefined {
  return signature.certificationDataType === pckChainType ? signature.certificationData : undefined;
}

/** The certificates that a quote carries, the leaf first; those that came with the collateral when it carries none. */
export function readPckChain(
  carried: Uint8Array | undefined,
  supplied: readonly P256Certificate[] | undefined,
): readonly P256Certificate[] {
  if (carried === undefined) {
    return (
      supplied ??
      refuse(step, 'MISSING_PARAMETERS', 'The quote does not carry its PCK chain: supply pck_certificate_chain.')
    );
  }
  return orRefuse(
    // PEM is ASCII; any other byte becomes a character that the PEM reader refuses.
    () => leafFirst(decodeCertificates(carried).map(parseP256Certificate), namesMatch),
    (cause) => refuse(step, 'UNSUPPORTED_CERT_FORMAT', `The PCK chain in the quote: ${cause.message}`, cause),
  );
}
