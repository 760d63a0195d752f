import { decodeUtf8 } from '@enclos/codec/text';
import { AgedMap } from '@enclos/bounded';
import { parseCollateral, type Endorsements, type QuoteCollateral, type VerifierCache } from '@enclos/attestation';
import { isJsonObject, parseJson } from '@enclos/codec/json';
import { fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { isRefusal } from '@enclos/service/refusal';
import { endorsementRequestText, type EndorsementRequest, type EndorsementSource } from './endorsement-request.ts';
import type { CollateralHashes } from './claims/sgx-claims.ts';
import { refuseEvidence, unavailable } from './refuse.ts';
import { sha256 } from './sha256.ts';

export interface DcapEndorsements {
  readonly endorsements: Endorsements;
  readonly hashes: CollateralHashes;
}

export interface SnpEndorsementParts {
  /** PEM: the signing key's certificate if the source had it, then its issuers. */
  readonly certificate_chain: string;
  /** DER. */
  readonly crl: Uint8Array;
}

interface KnownEndorsement<T> {
  readonly value: T;
  /** When the first of its parts ends. */
  readonly expiresMs: number;
}

/** How what is asked for will be used. */
export interface EndorsementUse {
  readonly cache: VerifierCache;
  /** The time at which evidence is verified. */
  readonly at: Date;
}

const mostBytes = 4_194_304;
const mostKnown = 64;
const maximumAgeMs = 600_000;

/**
 * What the host's endorsements said, for ten minutes: then the host is asked again, which may have later ones. Only what
 * verified something is kept, so that callers cannot fill this with platforms that do not exist.
 */
export class EndorsementMemory {
  readonly #source: EndorsementSource;
  readonly #now: () => Date;
  readonly #known = new AgedMap<KnownEndorsement<DcapEndorsements | SnpEndorsementParts>>(mostKnown, maximumAgeMs);
  /** Each value answers one request, and was read for it. */
  readonly #kept = new WeakSet<DcapEndorsements | SnpEndorsementParts>();

  constructor(source: EndorsementSource, now: () => Date) {
    this.#source = source;
    this.#now = now;
  }

  /**
   * What is known already is given without a promise: it is what nearly every request finds.
   * @throws ATTESTATION_EVIDENCE_REFUSED when no source has any, ATTESTATION_ENDORSEMENTS_UNAVAILABLE when the host fails.
   */
  forQuote(request: EndorsementRequest, { cache, at }: EndorsementUse): DcapEndorsements | Promise<DcapEndorsements> {
    return this.#find(request, at, (bytes) => readDcap(bytes, cache));
  }

  /** @throws as `forQuote`. */
  forReport(
    request: EndorsementRequest,
    { at }: Pick<EndorsementUse, 'at'>,
  ): SnpEndorsementParts | Promise<SnpEndorsementParts> {
    return this.#find(request, at, readSnp);
  }

  /** Keeps what verified evidence, until `expiresAt` at most. What was kept before keeps its age, however old it has become. */
  keep(request: EndorsementRequest, value: DcapEndorsements | SnpEndorsementParts, expiresAt: string): void {
    if (this.#kept.has(value)) return;
    this.#kept.add(value);
    const known = { value, expiresMs: Date.parse(expiresAt) };
    this.#known.set(endorsementRequestText(request), known, this.#now().getTime());
  }

  #fresh(text: string, at: Date): unknown {
    const known = this.#known.get(text, this.#now().getTime());
    return known !== undefined && at.getTime() <= known.expiresMs ? known.value : undefined;
  }

  #find<T extends DcapEndorsements | SnpEndorsementParts>(
    request: EndorsementRequest,
    at: Date,
    read: (bytes: Uint8Array) => T,
  ): T | Promise<T> {
    const known = this.#fresh(endorsementRequestText(request), at);
    // One text is always read by one reader: the facts say of which kind they are.
    return known === undefined ? this.#fetch(request, read) : (known as T);
  }

  async #fetch<T>(request: EndorsementRequest, read: (bytes: Uint8Array) => T): Promise<T> {
    const bytes = await this.#ask(request);
    if (bytes === undefined) {
      refuseEvidence('No source has endorsements for this platform and baseline.', { rule: 'endorsements' });
    }
    if (bytes.length > mostBytes) unavailable('The endorsements are too large.');
    try {
      return read(bytes);
    } catch (error) {
      if (!isEnclosError(error) || isRefusal(error)) throw error;
      return unavailable('The endorsements that were found cannot be read.', error);
    }
  }

  async #ask(request: EndorsementRequest): Promise<Uint8Array | undefined> {
    try {
      return await this.#source(request);
    } catch (cause) {
      return unavailable('Endorsements cannot be had at this time.', cause);
    }
  }
}

function readDcap(bytes: Uint8Array, cache: VerifierCache): DcapEndorsements {
  const text = decodeUtf8(bytes);
  const endorsements = parseCollateral(text, { cache });
  // It was read as one: every member is there, and is text.
  return { endorsements, hashes: hashesOf(parseJson(text, mostBytes) as unknown as QuoteCollateral) };
}

/** Certificates as the PEM text, revocation lists as DER, the documents as the text that Intel signed. */
function hashesOf(collateral: QuoteCollateral): CollateralHashes {
  // The CA of both signing certificates is the root.
  const rootCrl = sha256(fromHex(collateral.root_ca_crl));
  return Object.freeze({
    qeidcertshash: sha256(collateral.qe_identity_issuer_chain),
    qeidcrlhash: rootCrl,
    qeidhash: sha256(collateral.qe_identity),
    tcbinfocertshash: sha256(collateral.tcb_info_issuer_chain),
    tcbinfocrlhash: rootCrl,
    tcbinfohash: sha256(collateral.tcb_info),
  });
}

function readSnp(bytes: Uint8Array): SnpEndorsementParts {
  const value = parseJson(decodeUtf8(bytes), mostBytes);
  const { certificate_chain: chain, crl } = isJsonObject(value) ? value : {};
  if (typeof chain !== 'string' || typeof crl !== 'string') {
    return unavailable('The endorsements that were found are none of AMD.');
  }
  return Object.freeze({ certificate_chain: chain, crl: fromHex(crl) });
}
