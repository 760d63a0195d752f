/** Parts of an OpenAPI 3.1 document: the operations and schemas of what this package reads and writes. */
export { inferencePaths, inferenceTags } from './paths.ts';
export { inferenceSchemas, type OpenApiObject } from './schemas.ts';
