import { utf8 } from '@enclos/codec';
import { pem } from '../pki/pem.ts';

interface Parts {
  readonly hclReport: Uint8Array;
  readonly tpmQuote: {
    readonly message: Uint8Array;
    readonly signature: Uint8Array;
    readonly pcrs: readonly Uint8Array[];
  };
}

/** The evidence of an Azure VM as attesters wrote it before their documents had a version: bytes as lists of numbers. */
export function oldAzureDocument(
  { hclReport, tpmQuote }: Parts,
  beside: { readonly vcek: Uint8Array } | { readonly tdQuote: Uint8Array },
): Uint8Array {
  const { message, signature, pcrs } = tpmQuote;
  const quote = { signature: [...signature], message: [...message], pcrs: pcrs.map((value) => [...value]) };
  const document =
    'vcek' in beside
      ? { quote, report: [...hclReport], vcek: pem(beside.vcek) }
      : { tpm_quote: quote, hcl_report: [...hclReport], td_quote: [...beside.tdQuote] };
  return utf8(JSON.stringify(document));
}
