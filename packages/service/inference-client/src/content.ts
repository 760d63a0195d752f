import './errors.ts';
import { decodeLatin1 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';

/** They pass by themselves (RFC 9110, sections 15.6.4 and 15.6.5; RFC 6585, section 4). */
const passing: ReadonlySet<number> = new Set([429, 503, 504]);
/** Error bodies are short, and only a code is taken of them. */
const maximumErrorBytes = 65_536;
const errorCode = /\b[A-Z]{2,20}(?:_[A-Z0-9]{1,20}){1,6}\b/;

/**
 * The body of an answer of `InferenceClient.fetch`, whole.
 *
 * @throws INFERENCE_CALL_REFUSED for another status than 200, and INFERENCE_SERVICE_BUSY for one that passes by itself. `details` has the
 * `status`, and the `code` with which the service refused where it named one; its texts may quote the request, and are left out.
 */
export async function contentOfAnswer(response: Response): Promise<Uint8Array> {
  const content = new Uint8Array(await response.arrayBuffer());
  const { status } = response;
  if (status === 200) return content;
  const [code] = errorCode.exec(decodeLatin1(content.subarray(0, maximumErrorBytes))) ?? [];
  const message = `The answer has the status ${status}${code === undefined ? '' : ` and the code ${code}`}.`;
  const details = { status, ...(code === undefined ? {} : { code }) };
  throw new EnclosError(passing.has(status) ? 'INFERENCE_SERVICE_BUSY' : 'INFERENCE_CALL_REFUSED', message, {
    details,
  });
}
