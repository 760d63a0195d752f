// Writes site/example.js, what the page shows for "Show an example": node apps/console/dist/test/write-example.program.js
// The keys that sign it are random and gone when this program ends, so that nothing else can be signed under its root.
import { writeFileSync } from 'node:fs';
import { softwareRoot } from '@enclos/attestation';
import { toBase64 } from '@enclos/codec';
import { scenario } from '@enclos/evidence-kit';
import { policyFor } from './example-policy.ts';

const { quote, collateral, root, at } = scenario({});
const { fingerprint } = await softwareRoot(root.certificate);
const files = {
  'Example: a quote of a software platform': toBase64(quote),
  'Example: its collateral': JSON.stringify(collateral),
  'Example: the root of the platform': root.certificate,
  'Example: a policy': JSON.stringify(policyFor(fingerprint)),
};
const content = `globalThis.enclosExample = ${JSON.stringify({ at: at.toISOString(), files }, undefined, 2)};\n`;
writeFileSync(new URL('../../site/example.js', import.meta.url), content);
