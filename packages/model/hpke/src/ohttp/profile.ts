import { EnclosError } from '@enclos/errors';
import { azureFraming, chunkedFraming, wholeMessage, type ChunkFraming } from '../chunks/framing.ts';

/** A protocol on the bytes of RFC 9458: its media types, its labels, and how each direction is cut into chunks. */
export interface OhttpProfile {
  readonly requestType: string;
  readonly responseType: string;
  readonly requestLabel: string;
  readonly responseLabel: string;
  readonly requestFraming: ChunkFraming;
  readonly responseFraming: ChunkFraming;
}

/** RFC 9458. */
export const ohttpProfile: OhttpProfile = Object.freeze({
  requestType: 'message/ohttp-req',
  responseType: 'message/ohttp-res',
  requestLabel: 'message/bhttp request',
  responseLabel: 'message/bhttp response',
  requestFraming: wholeMessage,
  responseFraming: wholeMessage,
});

/** draft-ietf-ohai-chunked-ohttp-08. */
export const chunkedOhttpProfile: OhttpProfile = Object.freeze({
  requestType: 'message/ohttp-chunked-req',
  responseType: 'message/ohttp-chunked-res',
  requestLabel: 'message/bhttp chunked request',
  responseLabel: 'message/bhttp chunked response',
  requestFraming: chunkedFraming,
  responseFraming: chunkedFraming,
});

/**
 * What Azure's client (microsoft/ohttp) speaks: the media types of the draft, but a whole message of RFC 9458 as the
 * request, the labels of RFC 9458, and chunks of its own form. A message of one of the two does not open as the other:
 * the labels differ.
 */
export const azureOhttpProfile: OhttpProfile = Object.freeze({
  requestType: 'message/ohttp-chunked-req',
  responseType: 'message/ohttp-chunked-res',
  requestLabel: 'message/bhttp request',
  responseLabel: 'message/bhttp response',
  requestFraming: wholeMessage,
  responseFraming: azureFraming,
});

/**
 * Refuses a request to the route of a profile with another media type. Parameters are ignored.
 *
 * @throws OHTTP_TYPE_REFUSED.
 */
export function requireRequestType({ requestType }: OhttpProfile, contentType: string | undefined): void {
  if (contentType?.split(';', 1)[0]?.trim().toLowerCase() === requestType) return;
  throw new EnclosError('OHTTP_TYPE_REFUSED', `This route takes ${requestType}.`);
}
