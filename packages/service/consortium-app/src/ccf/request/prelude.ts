/**
 * The entry points. `handle` runs a handler with a request and gives its answer to the host; the conversion of the answer runs
 * here, so that the limits hold for getters and `toJSON` too, as in CCF from 7.0.15 on. `invoke` calls a function of a module
 * with arguments in JSON and returns its value in JSON: steps of proposals.
 */
export const requestPrelude = `
const exported = (module, name) => {
  const found = load(module)[name];
  if (typeof found !== 'function') {
    throw new Failure('Failed to find export "' + name + '" in module "' + module + '"');
  }
  return found;
};
const none = (passed) => count(passed, 0, 0, 'none');
const makeRequest = (json) => {
  const request = parse(json);
  request.body = {
    text: function text() { none(arguments.length); return host.convertersDecode(host.requestBody()); },
    json: function json() { none(arguments.length); return parse(host.convertersDecode(host.requestBody())); },
    arrayBuffer: function arrayBuffer() { none(arguments.length); return host.requestBody(); },
  };
  giveContent(request.caller);
  return request;
};
/* The content of a COSE message is bytes, which JSON has not. It stands in the caller itself, or in a part of an all_of. */
const giveContent = (caller) => {
  if (!isObject(caller)) return;
  if (isObject(caller.cose)) caller.cose.content = host.requestContent();
  for (const name in caller) {
    const part = caller[name];
    if (isObject(part) && isObject(part.cose)) part.cose.content = host.requestContent();
  }
};
const invalid = 'Invalid endpoint function return value ';
const converting = (what, convert) => {
  try {
    return convert();
  } catch (error) {
    host.requestFailed(invalid + '(' + what + ').');
    throw error;
  }
};
const viewBytes = (view) => {
  const offset = apply(viewOffset, view, []);
  return apply(sliceBuffer, apply(viewBuffer, view, []), [offset, offset + apply(viewLength, view, [])]);
};
const isTyped = (value) => isView(value) && apply(viewTag, value, []) !== undefined;
const refuse = (what) => {
  host.requestFailed(invalid + '(' + what + ').');
  throw new TypeFailure(invalid + '(' + what + ').');
};
const respond = (answer) => {
  if (!isObject(answer)) refuse('not an object');
  const value = converting('error reading body', () => answer.body);
  let type, body;
  if (value !== undefined) {
    if (isBuffer(value)) {
      type = 'application/octet-stream';
      body = value;
    } else if (isTyped(value)) {
      type = 'application/octet-stream';
      body = viewBytes(value);
    } else if (typeof value === 'string') {
      type = 'text/plain';
      body = value;
    } else {
      type = 'application/json';
      body = converting('error during JSON conversion of body', () => stringify(value));
      body = converting('error during string conversion of body', () => textOf(body));
    }
  }
  const given = converting('error reading headers', () => answer.headers);
  let headers;
  if (isObject(given)) {
    const names = converting('error reading header names', () => keysOf(given));
    headers = { __proto__: null };
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index];
      const header = converting('error reading header value', () => given[name]);
      headers[name] = converting('header value type', () => textOf(header));
    }
    headers = stringify(headers);
  }
  let status = converting('error reading status code', () => answer.statusCode);
  if (status === undefined || status === null) status = 200;
  else if (typeof status !== 'number' || !isInteger(status) || (status | 0) !== status) refuse('status code type');
  host.requestRespond(status, type, body, headers);
};
const settled = (value, finish) =>
  value instanceof Promised ? apply(settle, value, [finish]) : finish(value);
host.register('handle', (module, name, request) => {
  setHistoricalState();
  const handler = exported(module, name);
  return settled(handler(makeRequest(request)), respond);
});
host.register('invoke', (module, name, json) => {
  setHistoricalState();
  const values = parse(json);
  return settled(apply(exported(module, name), undefined, values), (value) => stringify(value));
});
`;
