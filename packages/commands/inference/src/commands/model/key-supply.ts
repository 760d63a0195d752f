import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { supplyKeyFile } from './supply-key-file.ts';

export const command = defineCommand({
  description: [
    'Supplies the key of an encrypted model to the enclave of an inference service, as the owner of the model, and has the model loaded.',
    'The enclave is attested first, by your policy. The key is signed for the keys of that enclave alone, and sealed to them: neither its host nor another enclave can use what is sent.',
    '',
    'The key of the owner is a private key of Ed25519, P-256 or P-384 in PEM, whose public half is `owner` of the model in the manifest or the catalogue.',
    'An enclave takes a key once, and asks for it again after each start, unless the manifest has `keepKey`.',
    '',
    'The TLS certificate of the service is not looked at: evidence and seal do its work.',
  ],
  arguments: {
    url: { value: 'URL', summary: 'The inference service', required: true },
    model: {
      value: 'MODEL',
      summary: 'NAME=DIGEST: its name in the manifest, and the digest that `enclos model hash` prints',
      required: true,
    },
    key: { value: 'KEY', summary: 'The key of the model, as `enclos model encrypt --new-key` made it', required: true },
  },
  options: {
    owner: {
      type: 'string',
      value: 'FILE',
      required: true,
      summary: 'The private key of the owner, PEM',
      extensions: ['pem', 'key'],
    },
    policy: {
      type: 'string',
      value: 'FILE',
      required: true,
      summary: 'What is accepted of the enclave, JSON: see `enclos policy`',
      extensions: ['json'],
    },
    collateral: {
      type: 'string',
      value: 'FILE',
      summary: 'What the vendor says about the platform, instead of what the service sends along',
      extensions: ['json'],
    },
  },
  examples: [
    {
      command:
        'enclos model key supply https://models.example:8443 digits=d949…6fec digits.key --owner owner.pem --policy policy.json',
      summary: 'Attest the service, and give it the key of digits',
    },
  ],
  exitCodes: {
    1: 'The service could not be reached, or the enclave refused the key.',
    3: 'The evidence or the answer does not prove what it claims. The key was not sent.',
    4: 'The evidence is genuine, but the policy does not accept the enclave. The key was not sent.',
  },
  async run({ arguments: { url, model: named, key }, options }, { path, progress, io }) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      refuseUsage(
        `The address of an inference service is a URL such as https://models.example:8443, not ${JSON.stringify(url)}.`,
      );
    }
    const [, model = '', digest = ''] = /^([^=]{1,128})=([0-9a-f]{64})$/i.exec(named) ?? [];
    if (model === '') refuseUsage(`MODEL is NAME=DIGEST with 64 hex digits, not ${JSON.stringify(named)}.`);
    const supplied = {
      url,
      model,
      digest: digest.toLowerCase(),
      key: path(key),
      owner: path(options.owner),
      policy: path(options.policy),
      collateral: path(options.collateral),
      now: io.now,
    };
    return progress.during('supplying the key', () => supplyKeyFile(supplied));
  },
  human({ model, digest, measurement, evidence }, printer) {
    printer.line(`${markOf('ok', printer)} the enclave has the key of ${model}, and has loaded it`);
    renderFacts(
      [
        ['model SHA-256', digest],
        [evidence.tee === 'sgx' ? 'MRENCLAVE' : 'measurement', measurement],
        ['status', evidence.status],
      ],
      printer,
    );
    if (evidence.root.kind === 'software') {
      printer.line(
        `${markOf('warning', printer)} It runs on a software platform: the owner of its machine can read everything in it, this key too.`,
      );
    }
  },
  json: ({ model, digest, measurement, evidence: { tee, status, root } }) => ({
    model,
    digest,
    measurement,
    evidence: { tee, status, root: root.kind },
  }),
});
