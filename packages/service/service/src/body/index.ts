import '../errors.ts';
export {
  type JsonShape,
  readJsonObject,
  onlyMembers,
  readJwsText,
  optionalText,
  base64urlBytes,
  invalid,
} from './read-body.ts';
