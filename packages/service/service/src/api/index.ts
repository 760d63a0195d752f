import '../errors.ts';
export { type ApiOptions, createApi } from './api.ts';
export { type Site, type SiteOptions, createSite, clientOf } from './site.ts';
