import { measure, measureStream } from './measure.ts';
import { defineCommand } from '../define.ts';

export const command = defineCommand({
  description: [
    'Reads an SGXS stream, made by this tool or another, and prints its MRENCLAVE.',
    'Memory use is constant, however large the stream is.',
    'For an image that `enclos build` made, `sha256sum` prints the same value.',
    '',
    'Enclave files of Intel’s SGX SDK and of Open Enclave are not measured yet; `enclos inspect` shows what their signature names.',
  ],
  arguments: {
    file: { value: 'FILE', summary: 'The image; - reads standard input', required: true, extensions: ['sgxs'] },
  },
  options: {},
  examples: [
    { command: 'enclos measure .enclos/vault.sgxs', summary: 'Measure an image' },
    { command: 'enclos measure - < enclave.sgxs', summary: 'Measure what another program writes' },
  ],
  exitCodes: { 3: 'The file is an enclave that was built for simulation, or a damaged enclave file.' },
  async run({ arguments: { file } }, { io, path, progress }) {
    return progress.during('measuring', (report) =>
      file === '-' ? measureStream(io.stdin) : measure(path(file), report),
    );
  },
  human: ({ mrEnclave }, printer) => printer.line(mrEnclave),
  json: (measurement) => measurement,
});
