import './errors.ts';
export { createInferenceApi, type InferenceApi, type InferenceApiOptions } from './api/inference-api.ts';
export type { ApiAnswer, ApiRequest, ServedModelIdentity } from './api/api-request.ts';
export type { ServedModel, ServedModels } from './api/served-models.ts';
export type { ChatUse, EmbeddingsUse, OpenAiUse } from './generation/openai-use.ts';
