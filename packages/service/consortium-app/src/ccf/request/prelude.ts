/**
 * The entry points. `handle` runs a handler with a request and gives its answer to the host; the conversion of the answer runs
 * here, so that the limits hold for getters and `toJSON` too, as in CCF from 7.0.15 on. `invoke` calls a function of a module
 * with arguments in JSON and returns its value in JSON: steps of proposals. `functions` evaluates a module and names the functions
 * that it exports, so that a deployment finds what a request would.
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
/* Parsing costs QuickJS more than a call of the host, so parts that a handler does not read are not parsed. */
let running = 0;
const put = (object, name, value) => {
  defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
};
/* An interpreter that is reused may have kept a request: it is not to tell of another one. */
const part = (request, own, name, make) => {
  if (own !== running) throw new Failure('The request has ended.');
  const value = make();
  put(request, name, value);
  return value;
};
const readHeaders = () => parse(host.requestFields('headers'));
/* They read the body of the running request, as in CCF. */
const bodyText = function text() { none(arguments.length); return host.convertersDecode(host.requestBody()); };
const bodyJson = function json() { none(arguments.length); return parse(host.convertersDecode(host.requestBody())); };
const bodyBuffer = function arrayBuffer() { none(arguments.length); return host.requestBody(); };
const makeRequest = () => {
  const own = running += 1;
  return {
    get headers() { return part(this, own, 'headers', readHeaders); },
    set headers(value) { put(this, 'headers', value); },
    query: host.requestText('query'), path: host.requestText('path'), method: host.requestText('method'),
    hostname: host.requestText('hostname'), route: host.requestText('route'), url: host.requestText('url'),
    params: parse(host.requestFields('params')), body: { text: bodyText, json: bodyJson, arrayBuffer: bodyBuffer },
    get caller() { return part(this, own, 'caller', makeCaller); },
    set caller(value) { put(this, 'caller', value); },
  };
};
const makeCaller = () => {
  const caller = parse(host.requestCaller());
  if (caller === null) return caller;
  complete(caller, '');
  const { policy } = caller;
  if (isArray(policy)) for (let index = 0; index < policy.length; index += 1) complete(caller[policy[index]], policy[index]);
  return caller;
};
/* Certificates are long, and the content of a COSE message is bytes, which JSON has not. */
const complete = (part, name) => {
  if (part.cert === true) part.cert = host.requestCertificate(name);
  if (isObject(part.cose)) part.cose.content = host.requestContent();
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
host.register('handle', (module, name) => {
  setHistoricalState();
  const handler = exported(module, name);
  return settled(handler(makeRequest()), respond);
});
host.register('invoke', (module, name, json) => {
  setHistoricalState();
  const values = parse(json);
  return settled(apply(exported(module, name), undefined, values), (value) => stringify(value));
});
host.register('functions', (module) => {
  setHistoricalState();
  const found = load(module), names = keysOf(found), functions = [];
  for (let index = 0; index < names.length; index += 1) {
    if (typeof found[names[index]] === 'function') functions[functions.length] = names[index];
  }
  return stringify(functions);
});
`;
