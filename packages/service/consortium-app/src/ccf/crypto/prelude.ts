/** `ccf.crypto`, and the functions of it that older applications call on `ccf` itself. Keys are PEM or bytes; key pairs are PEM. */
export const cryptoPrelude = `
const pair = (call, values) => parse(internally(call, values));
const label = (parameters) => {
  const value = parameters.label;
  return isBuffer(value) && apply(byteLengthOf, value, []) > 0 ? value : undefined;
};
const wrapping = (call) => function (key, other, parameters) {
  count(arguments.length, 3, 3);
  needBuffer(key);
  needBuffer(other);
  const name = textOf(parameters.name);
  if (name === 'AES-KWP') return internally(call, [name, key, other]);
  const bits = name === 'RSA-OAEP-AES-KWP' ? toInt32(parameters.aesKeySize) : undefined;
  return internally(call, [name, key, other, label(parameters), bits]);
};
const toJwk = (kind) => function (pem, kid) {
  count(arguments.length, 1, 2, '1 or 2');
  const jwk = parse(internally(host.cryptoPemToJwk, [kind, textOf(pem)]));
  if (kid !== undefined) jwk.kid = textOf(kid);
  return jwk;
};
const toPem = (kind) => function (jwk) {
  count(arguments.length, 1, 1);
  return internally(host.cryptoJwkToPem, [kind, textOf(stringify(jwk))]);
};
const salt = (algorithm) => toInteger(algorithm.saltLength);
ccf.crypto = {
  sign: function sign(algorithm, key, data) {
    count(arguments.length, 3, 3);
    const name = algorithm.name, hash = algorithm.hash;
    const values = [textOf(name), textOf(hash), textOf(key), needBuffer(data), 0];
    if (values[0] === 'RSA-PSS') values[4] = salt(algorithm);
    return internally(host.cryptoSign, values);
  },
  verifySignature: function verifySignature(algorithm, key, signature, data) {
    count(arguments.length, 4, 4);
    needBuffer(signature);
    needBuffer(data);
    const name = algorithm.name, hash = algorithm.hash;
    const values = [textOf(name), textOf(hash), textOf(key), data, 0, signature];
    if (values[0] === 'RSA-PSS') values[4] = salt(algorithm);
    return internally(host.cryptoVerify, values);
  },
  digest: function digest(algorithm, data) {
    count(arguments.length, 2, 2);
    return internally(host.cryptoDigest, [textOf(algorithm), needBuffer(data)]);
  },
  generateAesKey: function generateAesKey(size) {
    count(arguments.length, 1, 1);
    return internally(host.cryptoAesKey, [toInt32(size)]);
  },
  generateRsaKeyPair: function generateRsaKeyPair(size, exponent) {
    count(arguments.length, 1, 2, '1 or 2');
    return pair(host.cryptoRsaPair, [toInt32(size), exponent === undefined ? undefined : toInt32(exponent) >>> 0]);
  },
  generateEcdsaKeyPair: function generateEcdsaKeyPair(curve) {
    count(arguments.length, 1, 1);
    return pair(host.cryptoEcdsaPair, [textOf(curve)]);
  },
  generateEddsaKeyPair: function generateEddsaKeyPair(curve) {
    count(arguments.length, 1, 1);
    return pair(host.cryptoEddsaPair, [textOf(curve)]);
  },
  wrapKey: wrapping(host.cryptoWrap),
  unwrapKey: wrapping(host.cryptoUnwrap),
  pubPemToJwk: toJwk('ec public'), pemToJwk: toJwk('ec private'),
  pubRsaPemToJwk: toJwk('rsa public'), rsaPemToJwk: toJwk('rsa private'),
  pubEddsaPemToJwk: toJwk('okp public'), eddsaPemToJwk: toJwk('okp private'),
  pubJwkToPem: toPem('ec public'), jwkToPem: toPem('ec private'),
  pubRsaJwkToPem: toPem('rsa public'), rsaJwkToPem: toPem('rsa private'),
  pubEddsaJwkToPem: toPem('okp public'), eddsaJwkToPem: toPem('okp private'),
  isValidX509CertBundle: function isValidX509CertBundle(pem) {
    count(arguments.length, 1, 1);
    return host.cryptoBundle(textOf(pem));
  },
  isValidX509CertChain: function isValidX509CertChain(chain, trusted) {
    count(arguments.length, 2, 2);
    return host.cryptoChain(textOf(chain), textOf(trusted));
  },
};
for (const name of ['generateAesKey', 'generateRsaKeyPair', 'generateEcdsaKeyPair', 'wrapKey', 'unwrapKey', 'digest',
  'isValidX509CertBundle', 'isValidX509CertChain']) ccf[name] = ccf.crypto[name];
`;
