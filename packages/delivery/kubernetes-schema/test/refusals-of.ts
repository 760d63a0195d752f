import { checkObject, isServedNowhere, kindOf } from '../src/index.ts';
import { isMap, readYaml, textOf } from '../src/yaml/index.ts';

export interface Refusal {
  readonly code: string;
  readonly text: string;
  readonly fix: string | undefined;
}

/** What is refused in the first document of a text. */
export function refusalsOf(text: string): readonly Refusal[] {
  const [document] = readYaml(text);
  const root = document?.root;
  if (!isMap(root)) return [{ code: 'K8S_DOCUMENT_INVALID', text: '', fix: undefined }];
  const word = (name: string): string => textOf(root.fields.get(name)?.value) ?? '';
  const [apiVersion, kind] = [word('apiVersion'), word('kind')];
  const entry = kindOf(apiVersion, kind);
  if (entry === undefined) {
    return isServedNowhere(apiVersion, kind) ? [{ code: 'K8S_KIND_UNKNOWN', text: kind, fix: undefined }] : [];
  }
  const found: Refusal[] = [];
  checkObject(root, entry, (code, _span, words, fix) => {
    found.push({ code, text: words, fix: typeof fix === 'function' ? fix() : fix });
  });
  return found;
}
