/** The strict JSON reader, for packages that read what Intel or anybody else signed. */
export { isoSeconds, JsonFields } from './json-fields.ts';
export {
  isJsonObject,
  maximumJsonValues,
  parseJson,
  parseJsonMembers,
  type JsonObject,
  type JsonSpan,
  type JsonValue,
} from './json.ts';
