import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { hexOption } from '@enclos/cli-frame/options';
import { markOf } from '@enclos/cli-frame/output';
import { addressIn, printable } from '@enclos/command-line';
import { initPolicy, policyText, type InitialPolicy } from './policy.ts';
import { productOption } from '../../options/collateral.ts';
import { readInput } from '../../evidence/read-input.ts';
import { trustedRoots } from '../../evidence/trusted-roots.ts';

export const command = defineCommand({
  description: [
    'Makes a policy from a quote, from an SEV-SNP report or from a measurement.',
    'It accepts exactly that, on a platform that is up to date, and nothing else: loosen it by hand where you mean to, and let `enclos policy explain` say what it now accepts.',
    '',
    '--from also takes HOST:PORT of a server of attested TLS: the quote is then that in its certificate.',
    '',
    'This does not verify the quote or the report.',
    'What it claims goes into the policy, so verify it by the policy before you rely on either.',
  ],
  arguments: {
    evidence: {
      value: 'EVIDENCE',
      summary: 'A quote, an SEV-SNP report or the evidence of an Azure VM, in any wrapping; - for standard input',
    },
  },
  options: {
    from: {
      type: 'string',
      value: 'EVIDENCE',
      summary: 'Instead of EVIDENCE: the same, or HOST:PORT of a server of attested TLS',
    },
    by: {
      type: 'string',
      value: 'WHAT',
      choices: ['measurement', 'signer'],
      default: 'measurement',
      summary: 'For an SGX quote: accept this enclave, or its product and signer from its security version on',
    },
    mrenclave: { type: 'string', value: 'HEX', summary: 'Instead of EVIDENCE: the MRENCLAVE of an enclave' },
    'software-root': {
      type: 'string',
      value: 'FINGERPRINT',
      summary: 'With --mrenclave: on a software platform under this root, instead of hardware',
    },
    root: {
      type: 'string',
      value: 'FILE',
      summary: 'Instead of --software-root: the certificate of that root, PEM or DER',
      extensions: ['pem', 'der', 'crt', 'cer'],
    },
    'single-user': {
      type: 'boolean',
      summary:
        'For a software platform: also accept it in single-user mode, whose user can read everything in the enclave',
    },
    product: productOption,
    out: { type: 'string', value: 'FILE', summary: 'Write it into this new file', extensions: ['json'] },
  },
  examples: [
    { command: 'enclos policy init quote.bin --out policy.json', summary: 'Accept the enclave of a quote' },
    { command: 'enclos policy init report.bin --out policy.json', summary: 'Accept the guest of an SEV-SNP report' },
    {
      command: 'enclos policy init --from vault.example:8443 --out policy.json',
      summary: 'Accept the enclave that a server shows',
    },
    {
      command: 'enclos policy init --mrenclave 4db3… --out policy.json',
      summary: 'Accept the enclave that `enclos measure` measured',
    },
    {
      command: 'enclos policy init --mrenclave 4db3… --root root.pem --single-user --out policy.json',
      summary: 'The same on the software platform of this user, whose root `enclos platform show` writes',
    },
  ],
  exitCodes: { 3: 'The evidence holds no quote and no report.' },
  async run({ arguments: { evidence: named }, options: given }, context) {
    const { mrenclave, 'software-root': fingerprint, root, by, out, product, from } = given;
    const acceptSingleUser = given['single-user'];
    const outFile = context.path(out);
    if (named !== undefined && from !== undefined) refuseUsage('Give either EVIDENCE or --from.');
    const evidence = named ?? (from === undefined ? undefined : serverOr(from));
    if (evidence !== undefined) {
      if (mrenclave !== undefined || fingerprint !== undefined || root !== undefined) {
        refuseUsage('EVIDENCE already says this: leave out --mrenclave, --software-root and --root.');
      }
      const made = await initPolicy({
        input: await readInput(evidence, context),
        by,
        product,
        acceptSingleUser,
        outFile,
      });
      return said(made, context);
    }
    if (mrenclave === undefined) return refuseUsage('Give EVIDENCE, or --mrenclave HEX.');
    hexOption('--mrenclave', mrenclave, 32);
    if (fingerprint !== undefined) hexOption('--software-root', fingerprint, 32);
    const softwareRoot = root === undefined ? fingerprint : await fingerprintOf(root, fingerprint, context);
    return said(await initPolicy({ mrEnclave: mrenclave, softwareRoot, acceptSingleUser, outFile }), context);
  },
  human({ policy, outFile }, printer) {
    printer.line(outFile === undefined ? policyText(policy).trimEnd() : `${markOf('ok', printer)} wrote ${outFile}`);
  },
  json: ({ policy, notes, sentences, outFile }) => ({
    policy: policy.rules,
    notes,
    accepts: sentences,
    ...(outFile === undefined ? {} : { outFile }),
  }),
});

/** The fingerprint of a software root in a file; undefined for that of Intel. */
async function fingerprintOf(
  root: string,
  other: string | undefined,
  { path }: CommandContext,
): Promise<string | undefined> {
  if (other !== undefined) refuseUsage('Give either --software-root or --root.');
  const trust = { rootFiles: [path(root)], softwareRoots: [], intelRoot: false };
  const [found] = await trustedRoots(trust, undefined);
  return found?.kind === 'software' ? found.fingerprint : undefined;
}

/** `HOST:PORT` as the https address that `readInput` takes. */
function serverOr(from: string): string {
  return addressIn(from) === undefined ? from : `https://${from}`;
}

/** What to know before relying on it, what is pinned and what is refused, for people: the policy itself may go to another program. */
function said(made: InitialPolicy, { notes }: CommandContext): InitialPolicy {
  for (const note of made.notes) notes.line(`${markOf('warning', notes)} ${note}`);
  for (const sentence of made.sentences) notes.line(`${markOf('info', notes)} ${printable(sentence)}`);
  return made;
}
