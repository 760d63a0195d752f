import { measureStream } from '@enclos/build/inspect';
import { defineCommand } from '@enclos/cli-frame';
import { measure } from './measure.ts';
import { limitIn, limitOption } from '@enclos/cli-frame/options';

const verdicts = {
  agrees: 'Its SIGSTRUCT names the same enclave.',
  differs: 'Its SIGSTRUCT names ANOTHER enclave: no processor starts this file.',
  none: 'It is not signed.',
} as const;

export const command = defineCommand({
  description: [
    'Prints the MRENCLAVE of an enclave: of an SGXS stream, made by this tool or another, or of the signed file of Intel’s SGX SDK or of Open Enclave.',
    'Memory use is constant, however large the enclave is.',
    'For an image that `enclos build` made, `sha256sum` prints the same value.',
    '',
    'A small file can declare an enclave of many gigabytes: --limit bounds what is hashed.',
    'For the file of an SDK, standard error says whether its SIGSTRUCT names the same enclave.',
  ],
  arguments: {
    file: {
      value: 'FILE',
      summary: 'The image; - reads standard input',
      required: true,
      extensions: ['sgxs', 'so', 'signed'],
    },
  },
  options: { limit: limitOption },
  examples: [
    { command: 'enclos measure .enclos/vault.sgxs', summary: 'Measure an image' },
    {
      command: 'enclos measure enclave.signed.so',
      summary: 'Measure an enclave of Intel’s SGX SDK or of Open Enclave',
    },
    { command: 'enclos measure - < enclave.sgxs', summary: 'Measure what another program writes' },
  ],
  exitCodes: { 3: 'The file is an enclave that was built for simulation, or a damaged enclave file.' },
  async run({ arguments: { file }, options: { limit } }, { io, path, progress }) {
    const maxHashedBytes = limitIn(limit);
    const measurement = await progress.during('measuring', (report) =>
      file === '-' ? measureStream(io.stdin) : measure(path(file), { onProgress: report, maxHashedBytes }),
    );
    // Not on standard output, which has the MRENCLAVE and nothing else.
    if (measurement.signature !== undefined) io.stderr.write(`${verdicts[measurement.signature]}\n`);
    return measurement;
  },
  human: ({ mrEnclave }, printer) => printer.line(mrEnclave),
  json: (measurement) => measurement,
});
