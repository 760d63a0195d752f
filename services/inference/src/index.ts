import './errors.ts';
export { inference } from './inference.edl.ts';
export type { ServiceOptions } from './host/command-line.ts';
export { runService, type RunContext } from './host/run-service.ts';
export type { HostedService as RunningService } from '@enclos/service/program';
export { createInferenceApi, type InferenceApi, type InferenceApiOptions } from './api/inference-api.ts';
export type { ApiAnswer, ApiRequest } from './api/api-request.ts';
export type { ServedModel, ServedModelIdentity, ServedModels } from './models/served-models.ts';
export type { ChatUse, EmbeddingsUse, OpenAiUse } from './models/openai-use.ts';
