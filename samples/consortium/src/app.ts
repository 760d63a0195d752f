import { historicalState, setClaimsDigest, string, type Request, type Response } from '@microsoft/ccf-app';
import { digest } from '@microsoft/ccf-app/crypto.js';
import { records } from './records.ts';

/** The receipt of a record then proves its text, and not only that something was recorded. */
export function put(request: Request): Response {
  const text = request.body.text();
  if (text.length > 1000) return { statusCode: 400, body: { error: { code: 'InvalidInput', message: 'Too long.' } } };
  records.set(nameOf(request), text);
  setClaimsDigest(digest('SHA-256', string.encode(text)));
  return { statusCode: 204 };
}

export function get(request: Request): Response<string | object> {
  const text = records.get(nameOf(request));
  if (text !== undefined) return { body: text };
  return { statusCode: 404, body: { error: { code: 'ResourceNotFound', message: 'There is no such record.' } } };
}

export function list(): Response<readonly string[]> {
  const names: string[] = [];
  records.forEach((_, name) => names.push(name));
  return { body: names };
}

/** For the transaction that the request names. */
export function proof(): Response {
  if (historicalState === undefined) throw new Error('This endpoint is of the mode "historical".');
  return { body: historicalState.receipt };
}

function nameOf({ params }: Request): string {
  return decodeURIComponent(params['name'] ?? '');
}
