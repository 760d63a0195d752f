import { digestOf, isDigest, type Digest } from '../digest.ts';
import { limits } from '../limits.ts';
import { isIndexType, isManifestType, mediaTypes, type Descriptor } from '../oci/documents.ts';
import { digestMismatch, type BlobName } from '../oci/verified-blob.ts';
import { answerChallenge, parseChallenge, type Credentials } from './authorization.ts';
import { answerInvalid, exchange, readBody, type Answer, type ExchangeOptions, type Outgoing } from './exchange.ts';
import { failureOf } from './failure.ts';
import { originOf, type ImageReference } from './reference.ts';

export interface RegistryOptions extends ExchangeOptions {
  /** Asked for only when the registry wants them. */
  readonly credentials?: Credentials | undefined;
}

/** A repository of a registry, by the OCI distribution protocol 1.1. */
export interface RegistryClient {
  getManifest(reference: string): Promise<{ readonly bytes: Uint8Array; readonly descriptor: Descriptor }>;
  putManifest(reference: string, bytes: Uint8Array, mediaType: string): Promise<PutManifest>;
  /** Nothing of it is verified yet. */
  openBlob(blob: BlobName): AsyncIterable<Uint8Array>;
  hasBlob(blob: BlobName): Promise<boolean>;
  putBlob(blob: BlobName, bytes: Uint8Array): Promise<void>;
  /** The index of referrers; undefined when the registry does not know them. */
  getReferrers(digest: Digest): Promise<Uint8Array | undefined>;
}

export interface PutManifest {
  /** The registry keeps it as a referrer of its subject ("OCI-Subject"). */
  readonly subjectKept: boolean;
}

const accepted = [mediaTypes.manifest, mediaTypes.index, mediaTypes.dockerManifest, mediaTypes.dockerIndex].join(', ');

export function createRegistryClient(
  { host, name }: Pick<ImageReference, 'host' | 'name'>,
  options: RegistryOptions,
): RegistryClient {
  const base = new URL(`${originOf(host)}/v2/${name}/`);
  const send = createSender(base, options);
  const get = async (path: string, accept = '*/*'): Promise<Answer> =>
    send({ method: 'GET', url: new URL(path, base), headers: { accept } });
  return Object.freeze({
    async getManifest(reference: string) {
      const answer = await get(`manifests/${reference}`, accepted);
      if (answer.response.status !== 200) throw failureOf(answer, `the manifest ${reference}`);
      return describe(answer, reference);
    },
    async putManifest(reference: string, bytes: Uint8Array, mediaType: string) {
      const url = new URL(`manifests/${reference}`, base);
      const answer = await send({ method: 'PUT', url, headers: { 'content-type': mediaType }, body: bytes });
      if (answer.response.status !== 201) throw failureOf(answer, `the manifest ${reference}`);
      answer.discard();
      return Object.freeze({ subjectKept: answer.response.headers.has('oci-subject') });
    },
    async *openBlob({ digest }: BlobName) {
      const answer = await get(`blobs/${digest}`);
      if (answer.response.status !== 200) throw failureOf(answer, `the blob ${digest}`);
      yield* answer.pieces();
    },
    async hasBlob({ digest }: BlobName) {
      const answer = await send({ method: 'HEAD', url: new URL(`blobs/${digest}`, base) });
      if (answer.response.status === 200 || answer.response.status === 404) {
        answer.discard();
        return answer.response.status === 200;
      }
      throw failureOf(answer, `the blob ${digest}`);
    },
    putBlob: (blob: BlobName, bytes: Uint8Array) => putBlob(base, send, { blob, bytes }),
    async getReferrers(digest: Digest) {
      const answer = await get(`referrers/${digest}`, mediaTypes.index);
      const { status, headers } = answer.response;
      if (status === 200 && isIndexType(mediaTypeOf(headers))) return readBody(answer, limits.documentBytes);
      if (status === 404 || status === 200) {
        answer.discard();
        return undefined;
      }
      throw failureOf(answer, `the referrers of ${digest}`);
    },
  } satisfies RegistryClient);
}

type Send = (outgoing: Outgoing) => Promise<Answer>;

/** Answers a challenge once, and remembers what the answer was. */
function createSender(base: URL, options: RegistryOptions): Send {
  let authorization: string | undefined;
  const withAuthorization = (outgoing: Outgoing): Outgoing =>
    authorization === undefined || outgoing.url.origin !== base.origin
      ? outgoing
      : { ...outgoing, headers: { ...outgoing.headers, authorization } };
  return async (outgoing) => {
    const answer = await exchange(withAuthorization(outgoing), options);
    const header = answer.response.headers.get('www-authenticate');
    if (answer.response.status !== 401 || header === null || answer.url.origin !== base.origin) return answer;
    const challenge = parseChallenge(header);
    if (challenge === undefined) return answer;
    const { credentials, ...rest } = options;
    const found = await answerChallenge(challenge, { ...rest, credentials, registry: base });
    if (found === undefined || found === authorization) return answer;
    answer.discard();
    authorization = found;
    return exchange(withAuthorization(outgoing), options);
  };
}

/** In one piece (distribution specification, "POST then PUT"), which every registry takes. */
async function putBlob(
  base: URL,
  send: Send,
  { blob, bytes }: { readonly blob: BlobName; readonly bytes: Uint8Array },
): Promise<void> {
  const begun = await send({ method: 'POST', url: new URL('blobs/uploads/', base) });
  if (begun.response.status !== 202) throw failureOf(begun, `an upload of ${blob.digest}`);
  begun.discard();
  const location = begun.response.headers.get('location');
  if (location === null || !URL.canParse(location, base.href)) {
    throw answerInvalid(base, 'names no place for an upload');
  }
  const url = new URL(location, base);
  if (url.protocol !== 'https:' && url.origin !== base.origin) {
    throw answerInvalid(base, `wants uploads at ${url.origin}, which is not over TLS`);
  }
  url.searchParams.set('digest', blob.digest);
  const headers = { 'content-type': 'application/octet-stream' };
  const answer = await send({ method: 'PUT', url, headers, body: bytes });
  if (answer.response.status !== 201) throw failureOf(answer, `the blob ${blob.digest}`);
  answer.discard();
}

function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim() ?? '';
}

async function describe(
  answer: Answer,
  reference: string,
): Promise<{ readonly bytes: Uint8Array; readonly descriptor: Descriptor }> {
  const mediaType = mediaTypeOf(answer.response.headers);
  if (!isManifestType(mediaType) && !isIndexType(mediaType)) {
    throw answerInvalid(answer.url, 'answers with something that is not a manifest');
  }
  const bytes = await readBody(answer, limits.documentBytes);
  const digest = digestOf(bytes);
  if (isDigest(reference) && digest !== reference) throw digestMismatch(reference, digest);
  return { bytes, descriptor: { mediaType, digest, size: bytes.length } };
}
