import '../errors.ts';
export {
  clusterApiServer,
  createApiClient,
  type ApiCall,
  type ApiClient,
  type ApiClientOptions,
  type ApiServer,
} from './client.ts';
