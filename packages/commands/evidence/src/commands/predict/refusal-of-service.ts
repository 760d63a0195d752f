import { isJsonObject, parseJson } from '@enclos/codec/json';
import { EnclosError, isErrorCode } from '@enclos/errors';
import { contentOfAnswer } from '@enclos/inference-client';

/** The code and the sentence of an error, as the service writes both. */
const coded = /^(?<code>[A-Z][A-Z0-9_]{2,63}): (?<sentence>[^]*)$/;
const maximumErrorLength = 65_536;
const shownLength = 1000;

/**
 * Why the service did not answer, in its words. They may quote the request, and are for the user who sent it.
 * @returns INFERENCE_CALL_REFUSED or INFERENCE_SERVICE_BUSY, with the advice for the code of the service
 */
export async function refusalOfService(response: Response): Promise<unknown> {
  const body = response.clone();
  try {
    await contentOfAnswer(response);
    return undefined;
  } catch (cause) {
    const said = messageIn(await body.text());
    if (!(cause instanceof EnclosError) || said === undefined) return cause;
    const { code = '', sentence = said } = coded.exec(said)?.groups ?? {};
    const words = sentence.length > shownLength ? `${sentence.slice(0, shownLength)}…` : sentence;
    const message = code === '' ? `The service says: ${words}` : `The service says ${code}: ${words}`;
    const next = isErrorCode(code) ? new EnclosError(code).next : undefined;
    return new EnclosError(cause.code, message, { details: cause.details, cause, next });
  }
}

/** The error of the Open Inference Protocol, which is a text, or that of OpenAI. */
function messageIn(text: string): string | undefined {
  try {
    const answer = parseJson(text, maximumErrorLength);
    const error = isJsonObject(answer) ? answer['error'] : undefined;
    const message = isJsonObject(error) ? error['message'] : error;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
