import type { AppAnswer } from './message.ts';
import { errorAnswer } from './odata.ts';

const json = 'application/json';
/** More ranges than a client has a use for. */
const mostRanges = 64;

/**
 * What a client that asks for another type than JSON is told (CCF, include/ccf/http_accept.h and src/endpoints/json_handler.cpp). CCF
 * judges so for what its own endpoints answer; applications read the header themselves.
 *
 * @param accept the value of the field; undefined where there is none.
 * @returns undefined where JSON will do.
 */
export function refuseType(accept: string | undefined): AppAnswer | undefined {
  if (accept === undefined) return undefined;
  const ranges = accept.replaceAll(' ', '').split(',', mostRanges);
  let isFine = false;
  for (const range of accept.trim() === '' ? [] : ranges) {
    const at = range.indexOf(';q=');
    const types = at === -1 ? range : range.slice(0, at);
    const slash = types.indexOf('/');
    const [type, subtype] = slash === -1 ? [types, ''] : [types.slice(0, slash), types.slice(slash + 1)];
    if (type === '' || subtype === '') return wrong(`Entry in Accept header is not a valid MIME type: ${range}`);
    if (!isWeight(at === -1 ? '' : range.slice(at + 3))) {
      return wrong(`Could not parse q-factor from MIME type in Accept header: ${range}`);
    }
    isFine ||= (type === '*' || type === 'application') && (subtype === '*' || subtype === 'json');
  }
  if (isFine) return undefined;
  const message = `No supported content type in accept header: ${accept}\nOnly ${json} is currently supported`;
  return errorAnswer(406, { code: 'UnsupportedContentType', message });
}

/** Whether it begins with a number, as `std::stof` reads one, or is absent. */
function isWeight(text: string): boolean {
  return text === '' || /^[+-]?(?:\d|\.\d)/.test(text);
}

function wrong(message: string): AppAnswer {
  return errorAnswer(400, { code: 'InvalidHeaderValue', message });
}
