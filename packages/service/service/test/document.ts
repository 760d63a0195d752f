import { isJsonObject, parseJson } from '@enclos/codec/json';
import { ByteWriter, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { maximumDocumentBytes, type StateFormat } from '../src/state/index.ts';

/** What a service may keep: a few texts by name, and a list. */
export interface TestDocument {
  readonly texts: Readonly<Record<string, string>>;
  readonly items: readonly string[];
}

export const emptyDocument: TestDocument = Object.freeze({ texts: Object.freeze({}), items: Object.freeze([]) });

function encode({ texts, items }: TestDocument): Uint8Array {
  return new ByteWriter({ maxBytes: maximumDocumentBytes }).bytes(utf8(JSON.stringify({ texts, items }))).finish();
}

function decode(bytes: Uint8Array): TestDocument {
  const value = parseJson(new TextDecoder().decode(bytes), maximumDocumentBytes);
  if (!isJsonObject(value) || !isJsonObject(value['texts']) || !Array.isArray(value['items'])) {
    throw new EnclosError('CODEC_INVALID', 'Not a document of the tests.');
  }
  // The tests write nothing else.
  const document = Object.freeze({ texts: { ...value['texts'] }, items: value['items'] }) as unknown as TestDocument;
  if (!Buffer.from(encode(document)).equals(bytes)) throw new EnclosError('CODEC_INVALID', 'Another encoding.');
  return document;
}

export const documentFormat: StateFormat<TestDocument> = Object.freeze({ service: 'test', encode, decode });
