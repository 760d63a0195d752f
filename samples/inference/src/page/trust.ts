import { parsePolicy, softwareRoot, type AppraisalPolicy, type TrustedRoot } from '@enclos/attestation';

/** What the page expects of the enclave. It comes with the page, and never from the service. */
export interface PageTrust {
  readonly root: TrustedRoot;
  readonly policy: AppraisalPolicy;
}

/** Reads `root.pem` and `policy.json` beside the page. */
export async function readTrust(base: string): Promise<PageTrust> {
  const [rootPem, policy] = await Promise.all(['root.pem', 'policy.json'].map((name) => textOf(new URL(name, base))));
  return { root: await softwareRoot(rootPem ?? ''), policy: parsePolicy(policy ?? '') };
}

async function textOf(url: URL): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The page has no ${url.pathname}.`);
  return response.text();
}
