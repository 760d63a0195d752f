// Writes openapi.json: npm run openapi --workspace services/inference
import { writeFileSync } from 'node:fs';
import { serviceDocument } from '../src/api/openapi.ts';

writeFileSync(new URL('../../openapi.json', import.meta.url), `${JSON.stringify(serviceDocument(), undefined, 2)}\n`);
