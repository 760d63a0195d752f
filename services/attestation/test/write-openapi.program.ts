// Writes openapi.json from the routes: npm run openapi --workspace services/attestation
import { writeFileSync } from 'node:fs';
import { serviceDocument } from '../src/routes/openapi.ts';
import { routes } from '../src/routes/table.ts';

writeFileSync(
  new URL('../../openapi.json', import.meta.url),
  `${JSON.stringify(serviceDocument(routes), undefined, 2)}\n`,
);
