import './errors.ts';
export { createInferenceApi, type InferenceApi, type InferenceApiOptions } from './api/inference-api.ts';
export type { ApiAnswer, ApiRequest } from './api/api-request.ts';
export type { ServedModel, ServedModelIdentity, ServedModels } from './models/served-models.ts';
export type { ChatUse, EmbeddingsUse, OpenAiUse } from './models/openai-use.ts';
