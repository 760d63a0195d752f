import '../errors.ts';
export {
  clusterApiServer,
  createApiClient,
  isNotFound,
  type ApiCall,
  type ApiClient,
  type ApiClientOptions,
  type ApiServer,
} from './client.ts';
