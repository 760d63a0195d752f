// Writes openapi.json from the routes: npm run openapi --workspace services/attestation
import { writeFileSync } from 'node:fs';
import { openapiDocument } from '../src/api/openapi.ts';
import { routes } from '../src/api/routes.ts';

writeFileSync(
  new URL('../../openapi.json', import.meta.url),
  `${JSON.stringify(openapiDocument(routes), undefined, 2)}\n`,
);
