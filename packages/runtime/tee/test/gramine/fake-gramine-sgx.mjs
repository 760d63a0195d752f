#!/usr/bin/env node
// Stands for `gramine-sgx NAME` and what it runs: it wants NAME.manifest.sgx and NAME.sig where it is started, and the
// ticket on its standard input. What it then does, the manifest says by a comment.
import { existsSync, readFileSync } from 'node:fs';
import { connectGramineGate, readGateTicket } from '../../dist/src/gramine/index.js';

const [name] = process.argv.slice(2);
if (!existsSync(`${name}.sig`)) process.exit(11);
const [, behaviour] = /^# fake: (.*)$/m.exec(readFileSync(`${name}.manifest.sgx`, 'utf8')) ?? [];
if (behaviour === 'die') {
  console.error('the enclave said this');
  process.exit(12);
}
if (behaviour === 'silent') setInterval(() => undefined, 1000);
else {
  const gate = await connectGramineGate(await readGateTicket(process.stdin));
  gate.on('error', () => undefined).on('close', () => process.exit(0));
  gate.write(
    JSON.stringify({
      argv: process.argv.slice(2),
      environment: Object.keys(process.env).toSorted(),
      region: process.env.REGION,
    }),
  );
  gate.resume();
}
