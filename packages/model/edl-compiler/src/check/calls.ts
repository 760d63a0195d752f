import type { Findings } from '../findings/findings.ts';
import { functionRules as rules } from '../rules/functions.ts';
import { warningRules as warnings } from '../rules/warnings.ts';
import type { EdlFile } from '../syntax/tree.ts';
import type { FunctionLists } from '../resolution/imports.ts';
import { shortNameOf } from '../resolution/name.ts';

/** The calls that are possible, as Intel's compiler checks them for the enclave as a whole. */
export function checkCalls(root: EdlFile, { trusted, untrusted }: FunctionLists, findings: Findings): void {
  const known = new Set(trusted.map(({ name }) => name.text));
  const allowed = new Set<string>();
  for (const { name, allow } of untrusted) {
    for (const each of allow?.names ?? []) {
      allowed.add(each.text);
      if (!known.has(each.text)) findings.report(rules.unknownAllowed, each.at, [name.text, each.text]);
    }
  }
  if (trusted.every(({ access }) => access?.text !== 'public')) {
    findings.report(rules.noPublicEcall, startOf(root), [shortNameOf(root.source.path)]);
    return;
  }
  for (const { access, name } of trusted) {
    if (access === undefined && !allowed.has(name.text)) findings.report(warnings.unusedPrivate, name.at, [name.text]);
  }
}

/** The word "enclave", which stands for the whole of it. */
export function startOf({ source, at }: EdlFile): EdlFile['at'] {
  return { source, start: at.start, end: Math.min(at.end, at.start + 'enclave'.length) };
}
