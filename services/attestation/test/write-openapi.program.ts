// Writes openapi.json from the routes: npm run openapi --workspace services/attestation
import { writeFileSync } from 'node:fs';
import { openapiDocument } from '@enclos/service/routes';
import { routes } from '../src/routes/table.ts';

writeFileSync(
  new URL('../../openapi.json', import.meta.url),
  `${JSON.stringify(openapiDocument(routes), undefined, 2)}\n`,
);
