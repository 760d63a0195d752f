import { parseCollateral, verificationSteps, verifyQuote, type QuoteVerdict } from '@enclos/attestation';
import { beginsLikeQuote } from '@enclos/attestation/carriers';
import { quoteNodes, quoteTitle } from '../explain/quote.ts';
import { trailing } from '../explain/trailing.ts';
import { quoteLength } from '../recognise/binary-forms.ts';
import type { EvidenceForm, VerifyInputs } from './form.ts';

/** A DCAP quote of SGX or TDX, version 3, 4 or 5. */
export const quote: EvidenceForm<'quote'> = {
  words: 'a DCAP quote',
  recognise({ bytes }) {
    if (!beginsLikeQuote(bytes)) return undefined;
    const length = quoteLength(bytes);
    return {
      form: 'quote',
      bytes: bytes.subarray(0, length),
      whole: bytes,
      trailingBytes: bytes.length - length,
      inner: [],
    };
  },
  explain: ({ bytes, trailingBytes }) => ({
    title: quoteTitle(bytes),
    nodes: [...quoteNodes(bytes), ...trailing(trailingBytes)],
  }),
  subject: (bytes) => ({ form: 'quote', bytes }),
  hardware: (subject) => subject,
  steps: () => verificationSteps,
  verify: ({ bytes }, inputs) => verifyDcap(bytes, inputs),
};

/** A quote against its collateral. */
export async function verifyDcap(
  bytes: Uint8Array,
  { collateral, roots, now, allowTrailingBytes = false }: VerifyInputs,
): Promise<QuoteVerdict> {
  const trusted = await roots();
  return verifyQuote(bytes, parseCollateral(collateral), { roots: trusted, now, allowTrailingBytes });
}
