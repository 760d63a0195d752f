// Builds the stub into dist/native, with a record of it, where a compiler is installed; `findStub` says so where none is.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseStubRecord, stubName, type StubRecord } from '../stub-record.ts';
import { nativeFolder, stubFlags } from './compile.ts';
import { buildNative } from './native.ts';

/** A byte of CPUSVN. Raised, by one, when what older stubs protected is no longer safe with them. */
const securityVersion = 1;

if (process.arch === 'x64' && process.platform === 'linux') {
  const stub = { name: stubName, sources: nativeFolder, flags: stubFlags };
  await buildNative(stub, fileURLToPath(new URL('../../native', import.meta.url)), {
    suffix: '.json',
    write({ content, compiler, sources }) {
      const sha256 = createHash('sha256').update(content).digest('hex');
      const record: StubRecord = { sha256, securityVersion, compiler, sources };
      return `${JSON.stringify(record, null, 2)}\n`;
    },
    readSources: (record) => parseStubRecord(record)?.sources,
  });
}
