import type { Assembly } from '../assembly.ts';
import { obtainItem, type ItemOptions } from '../fetch-item.ts';
import { refuseAnswer } from '../refusal.ts';
import { itemRequest } from '../request.ts';

/** Security versions of the parts of AMD's firmware, each 0 to 255. */
export interface SnpTcb {
  readonly bootLoader: number;
  readonly tee: number;
  readonly snp: number;
  readonly microcode: number;
  /** Turin alone. */
  readonly fmc?: number;
}

/** A platform of AMD's, as its report names it. */
export interface SnpFacts {
  readonly tee: 'snp';
  readonly product: 'Milan' | 'Genoa' | 'Turin';
  readonly signingKey: 'vcek' | 'vlek';
  /** For a VCEK. AMD does not give out VLEKs: their certificate comes with the evidence. */
  readonly chip?: {
    /** 64 bytes of hex, 8 for Turin. */
    readonly hwid: string;
    readonly tcb: SnpTcb;
  };
}

/** What a report of SEV-SNP is verified with. */
export interface SnpCollateral {
  /** PEM: the VCEK when there is a chip to ask for, then ASK or ASVK, then ARK. */
  readonly certificate_chain: string;
  /** Hex of DER: what ASK and ARK revoked. */
  readonly crl: string;
}

export async function fetchSnp(
  { product, signingKey, chip }: SnpFacts,
  options: ItemOptions,
): Promise<Assembly<SnpCollateral>> {
  const series = { product, 'signing-key': signingKey };
  const certificate = chip === undefined ? undefined : await obtainItem(certificateRequest(series, chip), options);
  const { body: leaf = '', chain: ownChain } = certificate?.item.content ?? {};
  // Azure gives the chain along with the certificate.
  const chain = ownChain === undefined ? await obtainItem(itemRequest('snp-chain', series), options) : undefined;
  const crl = await obtainItem(itemRequest('snp-crl', series), options);
  const issuing = chain ?? certificate;
  if (chain !== undefined && certificate !== undefined && certificate.item.facts.issuer !== chain.item.facts.issuer) {
    refuseAnswer(certificate.item.request.text, 'it is not issued by the chain of its product');
  }
  if (crl.item.facts.issuer !== issuing?.item.facts.rootName) {
    refuseAnswer(crl.item.request.text, 'it is not of the root');
  }
  const obtained = [certificate, chain, crl].filter((each) => each !== undefined);
  const collateral = Object.freeze({
    certificate_chain: leaf + (ownChain ?? chain?.item.content.body ?? ''),
    crl: crl.item.content.body,
  });
  return { collateral, obtained };
}

function certificateRequest(series: Readonly<Record<string, string>>, { hwid, tcb }: NonNullable<SnpFacts['chip']>) {
  const { bootLoader: bl, tee, snp, microcode: ucode, fmc } = tcb;
  return itemRequest('snp-certificate', { ...series, hwid: hwid.toLowerCase(), bl, tee, snp, ucode, fmc });
}
