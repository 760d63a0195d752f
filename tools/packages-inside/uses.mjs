// A small real use of each package: `code` exports a function `use`, which runs inside an enclave, and `answer` is what it must
// give. `why` says for a package that fails what cannot work, and `advice` what does, whether it fails or not.
export const uses = [
  {
    name: 'zod',
    code: `import { z } from 'zod';
      const order = z.object({ id: z.uuid(), count: z.int().min(1) }).strict();
      export const use = () => [order.safeParse({ id: '7f1f3c1e-0c5b-4b43-9d52-3c0a6d5f5a11', count: 2 }).success, order.safeParse({ id: 'x', count: 0 }).error.issues.length];`,
    answer: [true, 2],
  },
  {
    name: 'hono',
    code: `import { Hono } from 'hono';
      const app = new Hono().get('/hello/:name', (c) => c.json({ hello: c.req.param('name') }));
      export const use = async () => { const answer = await app.request('/hello/world'); return [answer.status, await answer.json()]; };`,
    answer: [200, { hello: 'world' }],
    advice: '`app.fire()` is for service workers; give `app.fetch` to serveHttp() of `@enclos/http`',
  },
  {
    name: 'jose',
    code: `import { SignJWT, generateKeyPair, jwtVerify } from 'jose';
      export const use = async () => {
        const { privateKey, publicKey } = await generateKeyPair('ES256');
        const token = await new SignJWT({ role: 'reader' }).setProtectedHeader({ alg: 'ES256' }).setExpirationTime('1h').sign(privateKey);
        return (await jwtVerify(token, publicKey)).payload.role;
      };`,
    answer: 'reader',
    advice: '`createRemoteJWKSet` needs `fetch`; fetch the keys on the host and use `createLocalJWKSet`',
  },
  {
    name: 'ajv',
    code: `import Ajv from 'ajv';
      export const use = () => new Ajv().compile({ type: 'object', required: ['id'], properties: { id: { type: 'integer' } } })({ id: 1 });`,
    answer: true,
    why: 'it writes a validator as text and compiles it, and an enclave turns no text into code',
    advice: 'standalone code (`ajv/dist/standalone`), generated before the build; or zod, valibot or superstruct',
  },
  {
    name: 'ajv',
    part: 'standalone code',
    // What ajv/dist/standalone writes for { type: 'string', minLength: 2 }.
    code: `import length from 'ajv/dist/runtime/ucs2length.js';
      const func1 = length.default;
      function validate(data) {
        let errors = 0;
        if (errors === 0) {
          if (typeof data === 'string') { if (func1(data) < 2) { validate.errors = [{ keyword: 'minLength' }]; return false; } }
          else { validate.errors = [{ keyword: 'type' }]; return false; }
        }
        validate.errors = null;
        return errors === 0;
      }
      export const use = () => [validate('ab'), validate('a'), validate(1)];`,
    answer: [true, false, false],
  },
  {
    name: 'protobufjs',
    code: `import protobuf from 'protobufjs/minimal.js';
      export const use = () => {
        const bytes = protobuf.Writer.create().uint32(8).uint32(150).uint32(18).string('word').finish();
        const reader = protobuf.Reader.create(bytes);
        return [bytes.length, reader.uint32(), reader.uint32(), reader.uint32(), reader.string()];
      };`,
    answer: [9, 8, 150, 18, 'word'],
    advice: '`protobufjs/minimal` with static code from `pbjs`',
  },
  {
    name: 'protobufjs',
    part: 'types loaded at run time',
    code: `import protobuf from 'protobufjs';
      export const use = () => {
        const { root } = protobuf.parse('syntax = "proto3"; message Note { string text = 1; uint32 size = 2; }');
        const Note = root.lookupType('Note');
        return Note.toObject(Note.decode(Note.encode({ text: 'word', size: 4 }).finish()));
      };`,
    answer: { text: 'word', size: 4 },
    why: 'it writes a codec for each type as text and compiles it',
    advice: '`protobufjs/minimal` with static code from `pbjs`',
  },
  {
    name: 'tweetnacl',
    code: `import nacl from 'tweetnacl';
      export const use = () => { const { publicKey, secretKey } = nacl.sign.keyPair(); const text = new Uint8Array([1, 2, 3]);
        return nacl.sign.detached.verify(text, nacl.sign.detached(text, secretKey), publicKey); };`,
    answer: true,
  },
  {
    name: 'cbor-x',
    code: `import { decode, encode } from 'cbor-x';
      export const use = () => { const bytes = encode({ a: [1, 2.5, 'x'], b: new Uint8Array([7]) }); const { a, b } = decode(bytes); return [a, [...b]]; };`,
    answer: [[1, 2.5, 'x'], [7]],
  },
  {
    name: 'msgpackr',
    code: `import { pack, unpack } from 'msgpackr';
      export const use = () => unpack(pack({ a: [1, -2, 'x'], b: { c: true } }));`,
    answer: { a: [1, -2, 'x'], b: { c: true } },
  },
  {
    name: 'lodash',
    code: `import _ from 'lodash';
      export const use = () => [_.chunk([1, 2, 3], 2), _.get({ a: { b: 2 } }, 'a.b'), _.merge({}, { a: 1 }, { b: 2 }), _.camelCase('some words')];`,
    answer: [[[1, 2], [3]], 2, { a: 1, b: 2 }, 'someWords'],
    advice: '`_.template` writes code as text; compile templates before the build',
  },
  {
    name: 'uuid',
    code: `import { v4, v5, validate } from 'uuid';
      export const use = () => [validate(v4()), v5('example.org', v5.DNS)];`,
    answer: [true, 'aad03681-8b63-5304-89e0-8ca8f49461b5'],
  },
  {
    name: 'nanoid',
    code: `import { nanoid } from 'nanoid'; export const use = () => [nanoid().length, nanoid() !== nanoid()];`,
    answer: [21, true],
  },
  {
    name: 'semver',
    code: `import semver from 'semver'; export const use = () => [semver.satisfies('1.2.3', '^1.2.0'), semver.inc('1.2.3', 'minor')];`,
    answer: [true, '1.3.0'],
  },
  {
    name: 'yaml',
    code: `import { parse, stringify } from 'yaml'; export const use = () => [parse('a: [1, two]'), stringify({ b: 1 })];`,
    answer: [{ a: [1, 'two'] }, 'b: 1\n'],
  },
  {
    name: 'date-fns',
    code: `import { addDays, formatISO, parseISO } from 'date-fns';
      export const use = () => formatISO(addDays(parseISO('2026-01-30'), 3), { representation: 'date' });`,
    answer: '2026-02-02',
    advice: 'the clock is the host’s',
  },
  {
    name: '@noble/curves',
    code: `import { ed25519 } from '@noble/curves/ed25519.js';
      export const use = () => { const key = ed25519.utils.randomSecretKey(); const text = new Uint8Array([1, 2]);
        return ed25519.verify(ed25519.sign(text, key), text, ed25519.getPublicKey(key)); };`,
    answer: true,
  },
  {
    name: '@noble/hashes',
    code: `import { sha256 } from '@noble/hashes/sha2.js'; import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
      export const use = () => bytesToHex(sha256(utf8ToBytes('abc'))).slice(0, 16);`,
    answer: 'ba7816bf8f01cfea',
  },
  {
    name: 'long',
    code: `import Long from 'long'; export const use = () => Long.fromString('9007199254740993').add(1).toString();`,
    answer: '9007199254740994',
  },
  {
    name: 'bn.js',
    code: `import BN from 'bn.js'; export const use = () => new BN('ff', 16).pow(new BN(3)).umod(new BN(1000)).toString();`,
    answer: '375',
  },
  {
    name: 'elliptic',
    code: `import elliptic from 'elliptic';
      export const use = () => { const key = new elliptic.ec('p256').genKeyPair(); return key.verify('abcd', key.sign('abcd').toDER()); };`,
    answer: true,
  },
  {
    name: 'node-forge',
    code: `import forge from 'node-forge';
      export const use = () => forge.md.sha256.create().update('abc').digest().toHex().slice(0, 16);`,
    answer: 'ba7816bf8f01cfea',
  },
  {
    name: 'asn1js',
    code: `import { Integer, Sequence, fromBER } from 'asn1js';
      export const use = () => { const bytes = new Sequence({ value: [new Integer({ value: 5 })] }).toBER(); return [bytes.byteLength, fromBER(bytes).result.valueBlock.value[0].valueBlock.valueDec]; };`,
    answer: [5, 5],
  },
  {
    name: 'pkijs',
    code: `import { Certificate, CryptoEngine, setEngine, AttributeTypeAndValue } from 'pkijs'; import { Integer, PrintableString } from 'asn1js';
      setEngine('webcrypto', new CryptoEngine({ name: 'webcrypto', crypto: globalThis.crypto }));
      export const use = async () => {
        const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
        const made = new Certificate(); made.version = 2; made.serialNumber = new Integer({ value: 1 });
        const name = new AttributeTypeAndValue({ type: '2.5.4.3', value: new PrintableString({ value: 'a' }) });
        made.issuer.typesAndValues.push(name); made.subject.typesAndValues.push(name);
        made.notBefore.value = new Date(0); made.notAfter.value = new Date(1e12);
        await made.subjectPublicKeyInfo.importKey(keys.publicKey); await made.sign(keys.privateKey, 'SHA-256');
        return made.verify();
      };`,
    answer: true,
  },
  {
    name: 'fflate',
    code: `import { gunzipSync, gzipSync, strFromU8, strToU8 } from 'fflate';
      export const use = () => strFromU8(gunzipSync(gzipSync(strToU8('word'.repeat(9))))).length;`,
    answer: 36,
    advice: 'the functions that end in `Sync`: the others start threads',
  },
  {
    name: 'pako',
    code: `import { deflate, inflate } from 'pako'; export const use = () => inflate(deflate(new Uint8Array(99))).length;`,
    answer: 99,
  },
  {
    name: 'immer',
    code: `import { produce } from 'immer'; export const use = () => produce({ a: [1] }, (draft) => { draft.a.push(2); });`,
    answer: { a: [1, 2] },
  },
  {
    name: 'rxjs',
    code: `import { delay, from, lastValueFrom, map, reduce } from 'rxjs';
      export const use = () => lastValueFrom(from([1, 2, 3]).pipe(delay(1), map((n) => n * 2), reduce((a, b) => a + b)));`,
    answer: 12,
  },
  {
    name: 'ramda',
    code: `import * as R from 'ramda'; export const use = () => R.pipe(R.map(R.multiply(2)), R.sum)([1, 2, 3]);`,
    answer: 12,
  },
  {
    name: 'valibot',
    code: `import * as v from 'valibot';
      export const use = () => [v.safeParse(v.object({ a: v.pipe(v.string(), v.email()) }), { a: 'a@example.org' }).success, v.is(v.number(), 'x')];`,
    answer: [true, false],
  },
  {
    name: 'superstruct',
    code: `import { array, is, number, object } from 'superstruct'; export const use = () => is({ a: [1] }, object({ a: array(number()) }));`,
    answer: true,
  },
  {
    name: 'graphql',
    code: `import { buildSchema, graphql } from 'graphql';
      export const use = async () => (await graphql({ schema: buildSchema('type Query { hello(name: String!): String }'), source: '{ hello(name: "a") }', rootValue: { hello: ({ name }) => 'hi ' + name } })).data;`,
    answer: { hello: 'hi a' },
  },
  {
    name: 'handlebars',
    code: `import Handlebars from 'handlebars'; export const use = () => Handlebars.compile('Hello {{name}}')({ name: 'a' });`,
    answer: 'Hello a',
    why: 'it writes each template as code and compiles it',
    advice: 'templates that are precompiled before the build, with `handlebars/runtime`; or mustache, which interprets',
  },
  {
    name: 'handlebars',
    part: 'precompiled templates',
    // What Handlebars.precompile writes for 'Hello {{name}}'.
    code: `import Handlebars from 'handlebars/runtime.js';
      const template = { compiler: [8, '>= 4.3.0'], main(container, depth0, helpers, partials, data) {
        const lookup = container.lookupProperty;
        const found = lookup(helpers, 'name') || (depth0 != null ? lookup(depth0, 'name') : depth0);
        const helper = found != null ? found : container.hooks.helperMissing;
        const value = typeof helper === 'function' ? helper.call(depth0, { name: 'name', hash: {}, data }) : helper;
        return 'Hello ' + container.escapeExpression(value);
      }, useData: true };
      export const use = () => Handlebars.template(template)({ name: 'a<' });`,
    answer: 'Hello a&lt;',
  },
  {
    name: 'mustache',
    code: `import Mustache from 'mustache'; export const use = () => Mustache.render('Hello {{name}}', { name: 'a<' });`,
    answer: 'Hello a&lt;',
  },
  {
    name: 'marked',
    code: `import { marked } from 'marked'; export const use = () => marked.parse('# a *b*');`,
    answer: '<h1>a <em>b</em></h1>\n',
  },
  {
    name: 'csv-parse',
    code: `import { parse } from 'csv-parse/sync'; export const use = () => parse('a,b\\n1,"x, y"', { columns: true });`,
    answer: [{ a: '1', b: 'x, y' }],
  },
  {
    name: 'fast-xml-parser',
    code: `import { XMLBuilder, XMLParser } from 'fast-xml-parser';
      export const use = () => { const read = new XMLParser().parse('<a><b>1</b></a>'); return [read, new XMLBuilder().build(read)]; };`,
    answer: [{ a: { b: 1 } }, '<a><b>1</b></a>'],
  },
  {
    name: 'jsonata',
    code: `import jsonata from 'jsonata'; export const use = () => jsonata('$sum(a.b)').evaluate({ a: [{ b: 1 }, { b: 2 }] });`,
    answer: 3,
  },
  {
    name: 'decimal.js',
    code: `import { Decimal } from 'decimal.js'; export const use = () => new Decimal('0.1').plus('0.2').sqrt().toFixed(20);`,
    answer: '0.54772255750516611346',
  },
  {
    name: 'big.js',
    code: `import Big from 'big.js'; export const use = () => new Big('0.1').plus('0.2').toString();`,
    answer: '0.3',
  },
  {
    name: 'lru-cache',
    code: `import { LRUCache } from 'lru-cache';
      export const use = () => { const cache = new LRUCache({ max: 2 }); for (const key of [1, 2, 3]) cache.set(key, key); return [cache.get(1) ?? 'gone', cache.get(3)]; };`,
    answer: ['gone', 3],
  },
  {
    name: 'eventemitter3',
    code: `import { EventEmitter } from 'eventemitter3';
      export const use = () => { const events = new EventEmitter(); let heard = 0; events.on('a', (n) => { heard += n; }); events.emit('a', 2); return heard; };`,
    answer: 2,
  },
];
