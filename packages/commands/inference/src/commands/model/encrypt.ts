import { basename } from 'node:path';
import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { renderFacts } from '@enclos/cli-frame/output';
import { encryptModelFile } from './encrypt-model.ts';

export const command = defineCommand({
  description: [
    'Encrypts an ONNX model: a compact JWE under A256KW and A256GCM, which inference enclaves and KServe open.',
    'Name and digest of the model stand in its protected header, so that no other model passes for it.',
    '',
    'The key is 32 bytes, as they are or as a JWK of the type oct; --new-key makes one in a new file that only this user can read.',
    'Give it to the service that releases it to the enclave, and keep it: without it nothing opens the file.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The model', required: true } },
  options: {
    key: { type: 'string', value: 'FILE', summary: 'The key', extensions: ['key', 'json', 'jwk'] },
    'new-key': { type: 'string', value: 'FILE', summary: 'Make the key in this file' },
    'key-id': { type: 'string', value: 'ID', summary: 'What enclaves ask for, such as kbs:///default/model/digits' },
    name: {
      type: 'string',
      value: 'NAME',
      summary: 'The name that the model is served under; default: that of the file without .onnx',
    },
    out: { type: 'string', value: 'FILE', summary: 'The encrypted model; default: FILE.jwe' },
  },
  examples: [
    { command: 'enclos model encrypt digits.onnx --new-key digits.key', summary: 'Make a key and digits.onnx.jwe' },
    {
      command: 'enclos model encrypt digits.onnx --key digits.key --key-id kbs:///default/model/digits',
      summary: 'Name the key that a key broker keeps',
    },
    {
      command: 'enclos model encrypt digits-1.onnx --name digits --new-key digits.key',
      summary: 'For the folder of a service, whose files have the version in their names',
    },
  ],
  exitCodes: {},
  async run({ arguments: { file }, options }, { path, progress }) {
    const { key, 'new-key': made, 'key-id': keyId, name = basename(file).replace(/\.onnx$/, ''), out } = options;
    if ((key === undefined) === (made === undefined)) refuseUsage('Give either --key or --new-key.');
    return progress.during('encrypting', () =>
      encryptModelFile({
        model: path(file),
        key: path(key ?? made ?? ''),
        isNewKey: made !== undefined,
        name,
        keyId,
        out: path(out ?? `${file}.jwe`),
      }),
    );
  },
  human({ path, name, digest, keyId, key }, printer) {
    printer.line(`${printer.paint('green', '✔')} wrote ${path}`);
    renderFacts(
      [
        ['model', name],
        ['SHA-256', digest],
        ['key', keyId === undefined ? key : `${key}, asked for as ${keyId}`],
      ],
      printer,
    );
  },
  json: (encrypted) => encrypted,
});
